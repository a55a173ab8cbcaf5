// The mounts that are made before the child exists: the root, the devpts and what is bound from the host. All detached.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Security;

namespace Skiff.Runtime.Launch;

internal static class ParentMounts
{
    /// <summary>The first mount with the destination "/", or else the directory root.path with what is mounted in it.</summary>
    /// <exception cref="ErrnoException">with the source that cannot be mounted</exception>
    public static Fd Root(Bundle bundle, Fd? userNamespace = null)
    {
        SpecMount? mount = bundle.Spec.Mounts?.FirstOrDefault(m => m.Destination == "/");
        if (mount is null)
            return Private(MountApi.Clone(Path.Combine(bundle.Path, bundle.Spec.Root!.Path), recursive: true), default);
        MountOptions options = MountOptions.Parse("/", mount.Options ?? []);
        if (LaunchInputs.IsBind(mount))
            return Private(Bind(bundle, mount, userNamespace), options.Change);
        if (options.IdMap && mount.Type == "overlay")
            return Mapped(bundle.Spec, options, userNamespace!);
        return mount.Type == "overlay"
            ? Overlay.FromOptions(options.Data, options.Change.Set)
            : MountApi.Make(mount.Type!, mount.Source, options.Data, options.Change.Set);
    }

    static Fd Mapped(Spec spec, MountOptions options, Fd userNamespace)
    {
        IdMaps? maps = IdMaps.Of(spec);
        return Overlay.FromOptions(options.Data, options.Change.Set, userNamespace, maps?.Uid(0) ?? 0, maps?.Gid(0) ?? 0);
    }

    /// <summary>The devpts instance for the terminal of the first process; null if it has none, or config.json mounts none.</summary>
    public static Fd? Devpts(Spec spec)
    {
        SpecMount? mount = spec.Mounts?.FirstOrDefault(m => LaunchInputs.IsTerminals(spec, m));
        if (mount is null)
            return null;
        MountOptions options = MountOptions.Parse(mount.Destination, mount.Options ?? []);
        IReadOnlyList<string> data = IdMaps.Of(spec)?.Data("devpts", options.Data) ?? options.Data;
        data = Lsm.WithLabel(data, "devpts", spec.Linux?.MountLabel);
        return MountApi.Make("devpts", mount.Source, data, options.Change.Set);
    }

    /// <summary>
    /// A pair in the devpts of a running container, which may have put anything at its /dev/pts/ptmx: no symbolic link
    /// leads out of its root, and only the multiplexer itself is opened.
    /// </summary>
    public static Pty OpenTerminalOf(int pid, WindowSize size)
    {
        using Fd root = SafePath.OpenRoot($"/proc/{pid}/root");
        using Fd place = MountPoint.Open(root, "dev/pts/ptmx");
        if (FileAt.Status(place) is not { Kind: FileKind.CharacterDevice, Major: 5, Minor: 2 })
            throw new ErrnoException("open", "/dev/pts/ptmx", Errno.ENODEV);
        return Pty.Open(size, place.ProcPath);
    }

    /// <summary>A copy of the source of a bind mount.</summary>
    /// <param name="userNamespace">the container's own, for mounts with mapped ids that have no mappings of their own</param>
    public static Fd Bind(Bundle bundle, SpecMount mount, Fd? userNamespace)
    {
        MountOptions options = MountOptions.Parse(mount.Destination, mount.Options ?? []);
        Fd copy = Source(SourceOf(bundle, mount), options);
        if (!options.IdMap && mount.UidMappings is not { Count: > 0 })
            return copy;
        try
        {
            if (mount.UidMappings is { Count: > 0 } uids)
            {
                using Fd own = IdMaps.Create(uids, mount.GidMappings!);
                MountApi.MapIds(copy, own, options.IdMapRecursive);
            }
            else
                MountApi.MapIds(copy, userNamespace!, options.IdMapRecursive);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    static Fd Source(string path, MountOptions options)
    {
        bool isOverlay = options.Data.Any(d => d.StartsWith("lowerdir+=", StringComparison.Ordinal));
        if (options.Subpath is not { } subpath)
            return isOverlay ? Overlay.FromOptions(options.Data) : MountApi.Clone(path, options.BindRecursive);
        using Fd source = isOverlay ? Overlay.FromOptions(options.Data) : SafePath.OpenRoot(path);
        var errno = SafePath.TryHold(source, Encoding.UTF8.GetBytes(subpath), Containment.Beneath, out Fd? held);
        if (errno != Errno.None)
            throw new ErrnoException("cannot access path", Path.Combine(path, subpath), errno);
        using (held)
            return MountApi.Clone(held!.ProcPath, options.BindRecursive);
    }

    /// <summary>A tmpfs with what the directory holds that it will cover. As runc's tmpcopyup, which podman asks for.</summary>
    public static Fd CopiedUp(Spec spec, Fd root, SpecMount mount)
    {
        if (IsInsideAnother(spec, mount.Destination))
            throw new LaunchException(
                Tasks.FailureKind.Other,
                $"not supported by this runtime: mount option tmpcopyup of {mount.Destination} inside of another mount"
            );
        MountOptions options = MountOptions.Parse(mount.Destination, mount.Options ?? []);
        IReadOnlyList<string> data = IdMaps.Of(spec)?.Data("tmpfs", options.Data) ?? options.Data;
        data = Lsm.WithLabel(data, "tmpfs", spec.Linux?.MountLabel);
        // The child sets the flags, read-only among them, when it attaches what was filled here.
        Fd filled = MountApi.Make("tmpfs", mount.Source, data, default);
        try
        {
            using Fd place = Place(root, spec, mount.Destination);
            using Fd from = FdIo.OpenRead(place.ProcPath);
            using Fd to = FdIo.OpenRead(filled.ProcPath);
            TreeCopy.Copy(from, to, itself: true, TreeCopyOptions.Same, CancellationToken.None);
            if (options.Data.FirstOrDefault(d => d.StartsWith("mode=", StringComparison.Ordinal)) is { } mode)
                FileAt.SetMode(to, Convert.ToUInt32(mode["mode=".Length..], 8));
            return filled;
        }
        catch
        {
            filled.Dispose();
            throw;
        }
    }

    static Fd Place(Fd root, Spec spec, string directory)
    {
        using FileIdentity? owner = OwnerOfRoot(spec);
        return MountPoint.OpenOrMake(root, directory, directory: true, out _);
    }

    /// <summary>
    /// Makes the places for mounts that are missing in the root. Those inside of other mounts are left to the child,
    /// which alone sees these.
    /// </summary>
    /// <returns>permissions of the directory that was there before; null if none was, or none could be seen</returns>
    public static uint? Prepare(Fd root, Spec spec, SpecMount mount, bool isFile)
    {
        if (IsInsideAnother(spec, mount.Destination))
            return null;
        using FileIdentity? owner = OwnerOfRoot(spec);
        using Fd place = MountPoint.OpenOrMake(root, mount.Destination, !isFile, out bool existed);
        return existed ? FileAt.Status(place).Mode : null;
    }

    /// <summary>Like Docker: a working directory that is missing is made.</summary>
    public static void PrepareDirectory(Fd root, Spec spec, string path)
    {
        using FileIdentity? owner = OwnerOfRoot(spec);
        if (!IsInsideAnother(spec, path))
            MountPoint.OpenOrMake(root, path, directory: true, out _).Dispose();
    }

    /// <summary>In a root with mapped ids, what is made must belong to somebody that the map holds.</summary>
    static FileIdentity? OwnerOfRoot(Spec spec) =>
        IdMaps.Of(spec) is { } maps && spec.Mounts!.Any(m => m.Destination == "/" && m.Options?.Contains("idmap") == true)
            ? new FileIdentity(maps.Uid(0), maps.Gid(0))
            : null;

    static bool IsInsideAnother(Spec spec, string path)
    {
        string padded = path.TrimEnd('/') + "/";
        return spec.Mounts!.Any(m =>
            m.Destination.TrimEnd('/') is { Length: > 0 } above
            && padded.Length > above.Length + 1
            && padded.StartsWith(above + "/", StringComparison.Ordinal)
        );
    }

    /// <summary>runtime-spec: a relative source is below the bundle.</summary>
    static string SourceOf(Bundle bundle, SpecMount mount) => Path.Combine(bundle.Path, mount.Source ?? "");

    static Fd Private(Fd mount, MountChange change)
    {
        MountApi.Change(mount, new MountChange(default, default, MountPropagation.Private), recursive: true);
        if (!change.IsNothing)
            MountApi.Change(mount, change, recursive: false);
        return mount;
    }
}
