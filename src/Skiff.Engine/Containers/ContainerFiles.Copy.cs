// Copying into and out of a container's root, as its processes see it, volumes included.
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;
using Skiff.Linux.Processes;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Containers;

public enum PathKind
{
    File,
    Directory,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Fifo,
    Socket,
}

/// <summary>What is at a path of a container.</summary>
/// <param name="Mode">the twelve permission bits</param>
/// <param name="LinkTarget">of a symlink, the path that it leads to in the end; else empty</param>
public sealed record PathStatus(string Name, PathKind Kind, uint Mode, long Size, DateTimeOffset Modification, string LinkTarget);

public sealed partial class ContainerFiles
{
    /// <summary>The status of a path; a final symlink's is its own, unless the path ends in "/" or "/.".</summary>
    /// <exception cref="EngineException">NotFound: no such container or path; InvalidParameter: it is no directory</exception>
    public Task<PathStatus> StatusAsync(string nameOrId, string path, CancellationToken cancellation) =>
        InViewAsync(store.Get(nameOrId), path, write: false, Status, cancellation);

    /// <summary>
    /// Opens a path for reading: its status, and what writes it as a tar under its last name ("." for a path that ends
    /// so). The returned archive must be disposed.
    /// </summary>
    public async Task<PathArchive> ReadAsync(string nameOrId, string path, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        var view = await OpenViewAsync(live, path, write: false, cancellation);
        try
        {
            var status = Status(view);
            var mounts = MountsOf(live.Record);
            return new PathArchive(
                status,
                (destination, stop) =>
                    BlockingStream.RunAsync(() =>
                    {
                        string name = LastName(path);
                        string at = Clean(path);
                        using var blocking = new BlockingStream(destination, stop);
                        using var buffered = new BufferedStream(blocking, 128 << 10);
                        var tar = new TarWriter(buffered);
                        var options = new TreeArchiveOptions
                        {
                            Ids = view.Ids,
                            Enters = inside => mounts.Contains(Clean($"{at}/{inside[Math.Min(inside.Length, name.Length)..]}")),
                        };
                        new TreeArchive(tar, options, stop).WriteAs(view.Parent, view.Name, Encoding.UTF8.GetBytes(name));
                        tar.Finish();
                        events.Publish(live.Record, "archive-path");
                        return true;
                    }),
                view
            );
        }
        catch
        {
            view.Dispose();
            throw;
        }
    }

    /// <summary>Unpacks a tar, compressed or not, into a directory of the container.</summary>
    /// <param name="keepKinds">refuse to replace a directory by a file and a file by a directory</param>
    /// <param name="asUser">everything belongs to the container's user; else the archive's numbers count</param>
    /// <exception cref="EngineException">
    /// NotFound; InvalidParameter: no directory, or a broken or hostile archive; Forbidden: the root is read-only
    /// </exception>
    public async Task ExtractAsync(
        string nameOrId,
        string path,
        Stream archive,
        bool keepKinds,
        bool asUser,
        CancellationToken cancellation
    )
    {
        var live = store.Get(nameOrId);
        var container = live.Record;
        bool ownFiles = !MountsOf(container).Any(m => IsBelow(Clean(path), m));
        if (container.Host.ReadonlyRootfs && ownFiles)
            throw new EngineException(ErrorKind.Forbidden, "container rootfs is marked read-only");
        using var view = await OpenViewAsync(live, path, write: true, cancellation);
        await BlockingStream.RunAsync(() =>
        {
            var errno = SafePath.TryOpenDirectory(view.Root, view.Path, Containment.InRoot, out var found);
            if (errno == Errno.ENOENT)
                throw Missing(view, errno);
            if (errno != Errno.None)
                throw EngineException.Invalid("extraction point is not a directory");
            // Its real path: what the archive names is put behind it.
            byte[] directory;
            using (found)
                directory = Encoding.UTF8.GetBytes(view.Inside(found!));
            (uint, uint)? owner = asUser ? Owner(live) : null;
            using var blocking = new BlockingStream(archive, cancellation);
            // What the archive has no entry for is made by root of the container: root of the host owns nothing in there.
            using var identity = view.Ids is { } ids ? new FileIdentity(ids.FirstUid, ids.FirstGid) : (FileIdentity?)null;
            try
            {
                using var plain = Compression.OpenDecompressor(blocking, out _);
                using var applier = new LayerApplier(view.Root, new CopyInto(directory, keepKinds, owner, view.Ids));
                applier.Apply(new TarReader(plain), cancellation);
            }
            catch (InvalidDataException e)
            {
                throw EngineException.Invalid(e.Message.Replace("layer entry", "archive entry", StringComparison.Ordinal));
            }
            catch (Exception e) when (DiskErrors.Applies(e))
            {
                throw DiskErrors.Explain(e, "cannot copy into the container", images.Snapshots.Directory);
            }
            catch (ErrnoException e)
            {
                throw new EngineException(
                    ErrorKind.System,
                    $"cannot copy into the container: {e.Subject?.Replace("layer", "archive", StringComparison.Ordinal)}: {ErrnoText.Of(e.Errno)}",
                    e
                );
            }
            return true;
        });
        events.Publish(container, "extract-to-dir");
    }

    (uint, uint) Owner(LiveContainer live)
    {
        var user = bundles.UserOf(live.Record, SnapshotOf(live.Record));
        return (user.Uid, user.Gid);
    }

    static PathStatus Status(View view)
    {
        var errno = FileAt.TryStatus(view.Parent, view.Name, out var status);
        if (errno != Errno.None)
            throw Missing(view, errno);
        if (view.MustBeDirectory && status.Kind != FileKind.Directory)
            throw EngineException.Invalid($"{view.Asked}: not a directory");
        return new PathStatus(
            LastName(view.Asked),
            KindOf(status.Kind),
            status.Mode,
            status.Size,
            DateTimeOffset.FromUnixTimeSeconds(status.Modification.Seconds).AddTicks(status.Modification.Nanoseconds / 100),
            status.Kind == FileKind.Symlink ? LinkTarget(view) : ""
        );
    }

    static PathKind KindOf(FileKind kind) =>
        kind switch
        {
            FileKind.Directory => PathKind.Directory,
            FileKind.Symlink => PathKind.Symlink,
            FileKind.CharacterDevice => PathKind.CharacterDevice,
            FileKind.BlockDevice => PathKind.BlockDevice,
            FileKind.Fifo => PathKind.Fifo,
            FileKind.Socket => PathKind.Socket,
            _ => PathKind.File,
        };

    static string LinkTarget(View view)
    {
        if (SafePath.TryHold(view.Root, view.Path, Containment.InRoot, out var target) == Errno.None)
            using (target)
                return "/" + Clean($"{view.Prefix}/{view.Inside(target!)}");
        // It leads nowhere: what it says, from where it stands.
        string text = Encoding.UTF8.GetString(FileAt.ReadLink(view.Parent, view.Name));
        return text.StartsWith('/') ? "/" + Clean(text) : "/" + Clean($"{view.Prefix}/{view.Inside(view.Parent)}/{text}");
    }

    async Task<T> InViewAsync<T>(LiveContainer live, string path, bool write, Func<View, T> look, CancellationToken cancellation)
    {
        using var view = await OpenViewAsync(live, path, write, cancellation);
        return look(view);
    }

    /// <summary>
    /// The root to resolve a path in: that of a running container's first process; of a stopped one an overlay of its
    /// layers, or the source of the mount that the path is in. To write into a stopped container, it is kept from starting.
    /// </summary>
    async Task<View> OpenViewAsync(LiveContainer live, string path, bool write, CancellationToken cancellation)
    {
        if (path.Length == 0)
            throw EngineException.Invalid("invalid argument: path cannot be empty");
        IDisposable? held = null;
        Fd? root = null;
        string prefix = "";
        try
        {
            var container = live.Record;
            string inside = Clean(path);
            if (container.State.IsRunning)
                root = TryOpenRunning(container);
            if (root is null)
            {
                held = write ? await live.LockAsync(cancellation) : null;
                container = live.Record;
                if (container.State.IsRunning)
                    root = TryOpenRunning(container) ?? throw EngineException.Conflict($"container {live.Id} is about to end");
            }
            // Where they lie on the disk, files belong to those they belong to inside; seen through its mounts they do not.
            var ids = root is not null && container.Ids is { } own ? new IdShift(own.FirstUid, own.FirstGid, own.Size) : null;
            if (root is null)
            {
                var snapshot = SnapshotOf(container);
                var mount = ContainerMounts
                    .Bound(container, volumes)
                    .Where(m => m.Request is { Type: not "tmpfs", Subpath: "" } && IsBelow(inside, Clean(m.Request.Target)))
                    .MaxBy(m => m.Request.Target.Length);
                if (mount is not null && Directory.Exists(mount.Source))
                {
                    root = SafePath.OpenRoot(mount.Source);
                    prefix = Clean(mount.Request.Target);
                    inside = inside[prefix.Length..].TrimStart('/');
                }
                else
                    root = write
                        ? Overlay.OpenDetached(snapshot.Lowers, snapshot.Upper, snapshot.Work)
                        : Overlay.OpenDetached([snapshot.Upper, .. snapshot.Lowers]);
            }
            return View.Open(root, held, container.Name, path, prefix, inside, ids);
        }
        catch
        {
            root?.Dispose();
            held?.Dispose();
            throw;
        }
    }

    static Fd? TryOpenRunning(Container container)
    {
        try
        {
            var root = SafePath.OpenRoot($"/proc/{container.State.Pid}/root");
            if (ProcessStat.IsAlive(container.State.Pid, container.State.StartTicks))
                return root;
            root.Dispose();
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ESRCH)
        {
            // It has just ended.
        }
        return null;
    }

    static HashSet<string> MountsOf(Container container) =>
        [
            .. container.MountPoints.Select(m => Clean(m.Target)),
            .. container.Host.Tmpfs.Keys.Select(Clean),
            "etc/hosts",
            "etc/hostname",
            "etc/resolv.conf",
        ];

    static bool IsBelow(string path, string mount) =>
        path == mount || mount.Length == 0 || path.StartsWith(mount + "/", StringComparison.Ordinal);

    /// <summary>"/a//b/../c/." is "a/c": from the root, without a slash at either end.</summary>
    static string Clean(string path) => Path.GetFullPath("/" + path).Trim('/');

    /// <summary>"." for a path that ends in it, "/" for the root, else the last name.</summary>
    static string LastName(string path)
    {
        if (path.EndsWith("/.", StringComparison.Ordinal) || path == ".")
            return ".";
        string clean = Clean(path);
        return clean.Length == 0 ? "/" : clean[(clean.LastIndexOf('/') + 1)..];
    }

    static EngineException Missing(View view, Errno errno) =>
        errno is Errno.ENOENT or Errno.ENOTDIR
            ? EngineException.NotFound($"Could not find the file {view.Asked} in container {view.Container}")
            : new EngineException(ErrorKind.System, $"{view.Asked}: {errno}");

    /// <summary>A path of a container: the directory that it is in, and its last name there.</summary>
    internal sealed class View : IDisposable
    {
        readonly IDisposable? held;

        View(Fd root, IDisposable? held, string asked, string prefix, byte[] path, Fd parent, byte[] name, IdShift? ids)
        {
            this.held = held;
            Prefix = prefix;
            Root = root;
            Asked = asked;
            Path = path;
            Parent = parent;
            Name = name;
            Ids = ids;
        }

        /// <summary>The root is that of a running container with users of its own: they have the host's numbers here.</summary>
        internal IdShift? Ids { get; }

        internal Fd Root { get; }

        /// <summary>Its name, for the user.</summary>
        internal required string Container { get; init; }

        /// <summary>Where the root is in the container: "" but for a mount of a stopped container.</summary>
        internal string Prefix { get; }

        /// <summary>As the user wrote it.</summary>
        internal string Asked { get; }

        /// <summary>Below the root.</summary>
        internal byte[] Path { get; }
        internal Fd Parent { get; }
        internal byte[] Name { get; }
        internal bool MustBeDirectory => Asked.EndsWith('/') || Asked.EndsWith("/.", StringComparison.Ordinal);

        /// <summary>Where a descriptor is below the root, without a slash at either end.</summary>
        internal string Inside(Fd fd)
        {
            string path = fd.RealPath();
            string above = Root.RealPath().TrimEnd('/');
            return (path.StartsWith(above, StringComparison.Ordinal) ? path[above.Length..] : path).Trim('/');
        }

        /// <summary>Takes over root and lock, unless it throws.</summary>
        internal static View Open(
            Fd root,
            IDisposable? held,
            string container,
            string asked,
            string prefix,
            string inside,
            IdShift? ids
        )
        {
            // With a slash or a dot at its end a path means what its last link leads to.
            bool follows =
                asked.EndsWith('/') || asked.EndsWith("/.", StringComparison.Ordinal) || asked == "." || inside.Length == 0;
            int slash = inside.LastIndexOf('/');
            string directory =
                follows ? inside
                : slash < 0 ? ""
                : inside[..slash];
            byte[] name = follows ? "."u8.ToArray() : Encoding.UTF8.GetBytes(inside[(slash + 1)..]);
            var errno = SafePath.TryOpenDirectory(root, Encoding.UTF8.GetBytes(directory), Containment.InRoot, out var parent);
            if (errno == Errno.ENOTDIR && follows)
                throw EngineException.Invalid($"{asked}: not a directory");
            if (errno != Errno.None)
                throw EngineException.NotFound($"Could not find the file {asked} in container {container}");
            return new View(root, held, asked, prefix, Encoding.UTF8.GetBytes(inside), parent!, name, ids)
            {
                Container = container,
            };
        }

        public void Dispose()
        {
            Parent.Dispose();
            Root.Dispose();
            held?.Dispose();
        }
    }
}

/// <summary>Something of a container, ready to be written as a tar.</summary>
public sealed class PathArchive : IDisposable
{
    readonly Func<Stream, CancellationToken, Task> write;
    readonly IDisposable view;

    internal PathArchive(PathStatus status, Func<Stream, CancellationToken, Task> write, IDisposable view)
    {
        Status = status;
        this.write = write;
        this.view = view;
    }

    public PathStatus Status { get; }

    public Task WriteAsync(Stream destination, CancellationToken cancellation) => write(destination, cancellation);

    public void Dispose() => view.Dispose();
}
