// A directory tree as a tar: a container's writable layer as a layer of an image, or its whole root.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Images;

/// <summary>What of a tree goes into the archive.</summary>
internal sealed record TreeArchiveOptions
{
    /// <summary>The tree is the upper directory of an overlay: its marks become whiteouts. image-spec: layer.md.</summary>
    public bool IsUpper { get; init; }

    /// <summary>Paths ("etc/hosts") that are left out, with directories that hold nothing else.</summary>
    public IReadOnlySet<string> LeftOut { get; init; } = new HashSet<string>();

    /// <summary>Names in the archive of directories that are entered though something is mounted there.</summary>
    public Func<string, bool> Enters { get; init; } = _ => false;

    /// <summary>Nobody changes the tree meanwhile: files are opened by their names without a look at what they are first.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>The tree is seen with the host's numbers for these: the archive gets the container's. null: nothing to change.</summary>
    public IdShift? Ids { get; init; }
}

/// <summary>
/// The same tree gives the same bytes: names in order of their bytes. Safe beside processes that change the tree: nothing
/// is opened through a symlink, no device is opened, mounts are not entered, and a file that shrinks is filled with zeros.
/// </summary>
internal sealed class TreeArchive(TarWriter tar, TreeArchiveOptions options, CancellationToken cancellation)
{
    static readonly byte[] OpaqueXattr = "trusted.overlay.opaque"u8.ToArray();

    readonly byte[] buffer = new byte[128 << 10];
    readonly Dictionary<(ulong Device, ulong Inode), byte[]> links = [];

    /// <summary>Bytes of all files written.</summary>
    internal long Size { get; private set; }

    /// <summary>Nothing but what LeftOut names was left out: no socket, and no attribute that does not travel.</summary>
    internal bool IsWhole { get; private set; } = true;

    /// <summary>Writes all below the root, not the root itself. The caller finishes the archive.</summary>
    /// <exception cref="EngineException">InvalidParameter: a path longer than the kernel takes</exception>
    internal void Write(Fd root)
    {
        WriteEntries(root, [], FileAt.Status(root).MountId, () => { });
    }

    /// <summary>Writes one entry of a directory, and all below it, under another name.</summary>
    internal void WriteAs(Fd directory, ReadOnlySpan<byte> entry, byte[] name)
    {
        if (FileAt.TryHold(directory, entry, out var found) is var errno && errno != Errno.None)
            throw new ErrnoException("openat", Encoding.UTF8.GetString(entry), errno);
        using var held = found!;
        var status = FileAt.Status(held);
        if (status.Kind == FileKind.Directory)
            WriteDirectory(held, name, status, status.MountId, () => { });
        else if (status.Kind != FileKind.Socket)
            WriteOther(held, name, status);
    }

    /// <summary>True if something was left out.</summary>
    bool WriteEntries(Fd directory, byte[] path, ulong mount, Action begin)
    {
        bool leftOut = false;
        var entries = DirectoryReader.ReadAll(directory);
        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (var entry in entries)
        {
            cancellation.ThrowIfCancellationRequested();
            byte[] name = path.Length == 0 ? entry.Name : [.. path, (byte)'/', .. entry.Name];
            if (name.Length >= SafePath.MaxPath)
                throw EngineException.Invalid(
                    $"a path of the container is too long: {Encoding.UTF8.GetString(name.AsSpan(0, 80))}..."
                );
            if (options.IsQuiet && entry.Kind == FileKind.Regular && options.LeftOut.Count == 0)
            {
                if (FileAt.TryOpenRead(directory, entry.Name, out var quiet) is var failed and not Errno.None)
                    throw new ErrnoException("open", Encoding.UTF8.GetString(name), failed);
                using (quiet)
                {
                    begin();
                    WriteFile(quiet!, name, FileAt.Status(quiet!));
                }
                continue;
            }
            // Gone meanwhile: as if it had never been.
            if (FileAt.TryHold(directory, entry.Name, out var found) != Errno.None)
                continue;
            using var held = found!;
            var status = FileAt.Status(held);
            if (status.Kind == FileKind.Socket)
            {
                IsWhole = false;
                continue;
            }
            if (options.LeftOut.Contains(Encoding.UTF8.GetString(name)) && IsEmpty(held, status))
            {
                leftOut = true;
                continue;
            }
            if (options.IsUpper && status.IsWhiteout)
            {
                begin();
                byte[] mark = path.Length == 0 ? [] : [.. path, (byte)'/'];
                tar.Begin(
                    new TarEntry { Name = (byte[])[.. mark, .. Whiteouts.Prefix, .. entry.Name], Modification = Time(status) }
                );
            }
            else if (status.Kind == FileKind.Directory)
                leftOut |= WriteDirectory(held, name, status, mount, begin);
            else if (status.MountId != mount && !options.Enters(Encoding.UTF8.GetString(name)))
            {
                begin();
                tar.Begin(Header(name, TarKind.File, status)); // a file is mounted here: only its place is the tree's
            }
            else
            {
                begin();
                WriteOther(held, name, status);
            }
        }
        return leftOut;
    }

    bool WriteDirectory(Fd held, byte[] name, FileStatus status, ulong mount, Action begin)
    {
        if (status.MountId != mount && !options.Enters(Encoding.UTF8.GetString(name)))
        {
            begin();
            tar.Begin(Header(name, TarKind.Directory, status));
            return false;
        }
        using var directory = FileAt.OpenHeld(held);
        bool begun = false;
        bool opaque = options.IsUpper && Xattr.Get(directory, OpaqueXattr) is [(byte)'y'];
        // Not before something in it is written: a directory that holds only what is left out is left out.
        void Begin()
        {
            if (begun)
                return;
            begun = true;
            begin();
            var header = Header(name, TarKind.Directory, status);
            header.Xattrs = Xattrs(directory);
            tar.Begin(header);
            if (opaque)
                tar.Begin(
                    new TarEntry { Name = (byte[])[.. name, (byte)'/', .. Whiteouts.OpaqueName], Modification = Time(status) }
                );
        }
        if (opaque)
            Begin();
        bool leftOut = WriteEntries(directory, name, status.MountId, Begin);
        if (!leftOut)
            Begin();
        return leftOut && !begun;
    }

    void WriteOther(Fd held, byte[] name, FileStatus status)
    {
        if (WriteLink(name, status))
            return;
        switch (status.Kind)
        {
            case FileKind.Regular:
                using (var file = FileAt.OpenHeld(held))
                    WriteContent(file, name, FileAt.Status(file));
                return;
            case FileKind.Symlink:
                var symlink = Header(name, TarKind.Symlink, status);
                symlink.LinkName = FileAt.ReadLink(held, ""u8);
                tar.Begin(symlink);
                return;
            default:
                var node = Header(
                    name,
                    status.Kind switch
                    {
                        FileKind.CharacterDevice => TarKind.CharacterDevice,
                        FileKind.BlockDevice => TarKind.BlockDevice,
                        _ => TarKind.Fifo,
                    },
                    status
                );
                node.DeviceMajor = status.Major;
                node.DeviceMinor = status.Minor;
                tar.Begin(node);
                return;
        }
    }

    void WriteFile(Fd file, byte[] name, FileStatus status)
    {
        if (!WriteLink(name, status))
            WriteContent(file, name, status);
    }

    /// <summary>False: it is the first of its names.</summary>
    bool WriteLink(byte[] name, FileStatus status)
    {
        if (status.Links < 2)
            return false;
        if (links.TryGetValue((status.Device, status.Inode), out byte[]? first))
        {
            var link = Header(name, TarKind.HardLink, status);
            link.LinkName = first;
            tar.Begin(link);
            return true;
        }
        links.Add((status.Device, status.Inode), name);
        return false;
    }

    void WriteContent(Fd file, byte[] name, FileStatus status)
    {
        var header = Header(name, TarKind.File, status);
        header.Size = status.Size;
        header.Xattrs = Xattrs(file);
        tar.Begin(header);
        for (long rest = status.Size; rest > 0; )
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(rest, buffer.Length));
            int count = FdIo.TryRead(file, chunk, out Errno error);
            if (count < 0)
                throw new ErrnoException("read", Encoding.UTF8.GetString(name), error);
            if (count == 0)
            {
                chunk.Clear();
                count = chunk.Length;
            }
            tar.Write(chunk[..count]);
            rest -= count;
        }
        Size += status.Size;
    }

    /// <summary>What travels with an image: what users set, and capabilities. Not the overlay's own marks, nor the host's labels.</summary>
    List<TarXattr> Xattrs(Fd file)
    {
        List<TarXattr> kept = [];
        foreach (byte[] name in Xattr.List(file))
            if (
                (name.AsSpan().StartsWith("user."u8) && !name.AsSpan().StartsWith("user.overlay."u8))
                || name.AsSpan().SequenceEqual("security.capability"u8)
            )
            {
                if (Xattr.Get(file, name) is { } value)
                    kept.Add(new TarXattr(name, value));
            }
            else if (!name.AsSpan().StartsWith("trusted.overlay."u8))
                IsWhole = false;
        return kept;
    }

    static bool IsEmpty(Fd held, FileStatus status)
    {
        if (status.Kind != FileKind.Directory)
            return status.Kind == FileKind.Regular && status.Size == 0;
        using var directory = FileAt.OpenHeld(held);
        return DirectoryReader.ReadAll(directory).Count == 0;
    }

    TarEntry Header(byte[] name, TarKind kind, FileStatus status)
    {
        var (uid, gid) = options.Ids?.Inside(status.Uid, status.Gid) ?? (status.Uid, status.Gid);
        return new()
        {
            Name = name,
            Kind = kind,
            Mode = status.Mode,
            Uid = uid,
            Gid = gid,
            Modification = Time(status),
        };
    }

    static TarTime Time(FileStatus status) => new(status.Modification.Seconds, status.Modification.Nanoseconds);
}
