// The entries of a layer, one method a kind. Part of LayerApplier.
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Images;

sealed partial class LayerApplier
{
    static ReadOnlySpan<byte> DefaultAclName => "system.posix_acl_default"u8;

    void ApplyEntry(
        Fd place,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> whole,
        TarEntry entry,
        TarReader reader,
        CancellationToken cancellation
    )
    {
        switch (entry.Kind)
        {
            case TarKind.File:
                ApplyFile(place, name, entry, reader, cancellation);
                break;
            case TarKind.Directory:
                var opened = MakeDirectory(place, name, entry.Mode & PermissionBits, out bool isNew);
                // What follows is mostly in it.
                Remember(opened, whole);
                ApplyDirectory(opened, whole, entry, isNew);
                break;
            case TarKind.HardLink:
                ApplyLink(place, name, whole, entry);
                break;
            case TarKind.Symlink:
                if (entry.LinkName.IsEmpty || entry.LinkName.Span.Contains((byte)0))
                    throw new InvalidDataException($"layer entry \"{Text(entry.Name.Span)}\" has no valid target");
                Errno errno = FileAt.TryMakeSymlink(place, name, entry.LinkName.Span);
                if (errno == Errno.EEXIST)
                {
                    Clear(place, name);
                    errno = FileAt.TryMakeSymlink(place, name, entry.LinkName.Span);
                }
                Require(errno, "symlinkat");
                ApplyMetadata(place, name, entry);
                break;
            default:
                var kind = entry.Kind switch
                {
                    TarKind.CharacterDevice => FileKind.CharacterDevice,
                    TarKind.BlockDevice => FileKind.BlockDevice,
                    _ => FileKind.Fifo,
                };
                uint mode = (uint)kind | entry.Mode;
                errno = FileAt.TryMakeNode(place, name, mode, entry.DeviceMajor, entry.DeviceMinor);
                if (errno == Errno.EEXIST)
                {
                    Clear(place, name);
                    errno = FileAt.TryMakeNode(place, name, mode, entry.DeviceMajor, entry.DeviceMinor);
                }
                Require(errno, "mknodat");
                ApplyMetadata(place, name, entry);
                break;
        }
    }

    void ApplyFile(Fd place, ReadOnlySpan<byte> name, TarEntry entry, TarReader reader, CancellationToken cancellation)
    {
        Errno errno = FileAt.TryCreateFile(place, name, entry.Mode & PermissionBits, out var created);
        if (errno == Errno.EEXIST)
        {
            Clear(place, name);
            errno = FileAt.TryCreateFile(place, name, entry.Mode & PermissionBits, out created);
        }
        Require(errno, "openat");
        using var file = created!;
        if (entry.Sparse is { } extents)
        {
            foreach (var extent in extents)
            {
                FileAt.Seek(file, extent.Offset);
                for (long rest = extent.Length; rest > 0; )
                {
                    cancellation.ThrowIfCancellationRequested();
                    var chunk = reader.ReadChunk((int)Math.Min(rest, int.MaxValue));
                    SafePath.WriteAll(file, chunk);
                    rest -= chunk.Length;
                }
                Size += extent.Length;
            }
            FileAt.SetLength(file, entry.Size);
        }
        else if (entry.Size > 0)
        {
            while (reader.ReadChunk() is { IsEmpty: false } chunk)
            {
                cancellation.ThrowIfCancellationRequested();
                SafePath.WriteAll(file, chunk);
            }
            Size += entry.Size;
        }
        if (entry.Uid != 0 || entry.Gid != 0 || inheritsGroup)
            FileAt.SetOwner(file, entry.Uid, entry.Gid);
        if ((entry.Mode & (SpecialBits | umask)) != 0)
            FileAt.SetMode(file, entry.Mode);
        foreach (var xattr in entry.Xattrs)
            if (IsOurs(xattr.Name))
                Accept(Xattr.TrySet(file, xattr.Name, xattr.Value), xattr.Name, fileOrDirectory: true);
        FileAt.SetTimes(file, Time(entry.Access ?? entry.Modification), Time(entry.Modification));
    }

    void ApplyDirectory(Fd directory, ReadOnlySpan<byte> whole, TarEntry entry, bool isNew)
    {
        if (!isNew || entry.Uid != 0 || entry.Gid != 0 || inheritsGroup)
            FileAt.SetOwner(directory, entry.Uid, entry.Gid);
        // A directory made below one with setgid has it too, until it is told otherwise.
        if (!isNew || inheritsGroup || (entry.Mode & (SpecialBits | umask)) != 0)
            FileAt.SetMode(directory, entry.Mode);
        inheritsGroup |= (entry.Mode & SetGid) != 0;
        byte[]? defaultAcl = null;
        foreach (var xattr in entry.Xattrs)
        {
            if (xattr.Name.AsSpan().SequenceEqual(DefaultAclName))
                defaultAcl = xattr.Value;
            else if (IsOurs(xattr.Name))
                Accept(Xattr.TrySet(directory, xattr.Name, xattr.Value), xattr.Name, fileOrDirectory: true);
        }
        string key = Key(whole);
        implicitDirectories.Remove(key);
        finishes[key] = new Finish(entry.Access ?? entry.Modification, entry.Modification, defaultAcl);
        CheckDirectories();
    }

    void ApplyLink(Fd place, ReadOnlySpan<byte> name, ReadOnlySpan<byte> whole, TarEntry entry)
    {
        int length = Place(entry.LinkName.Span, linkPath);
        if (length < 0)
            throw Escape(entry);
        var targetPath = linkPath.AsSpan(0, length);
        LayerPath.Split(targetPath, out var targetDirectory, out var target);
        // A link to itself would be removed to make room for itself.
        if (target.IsEmpty || targetPath.SequenceEqual(whole))
            throw new InvalidDataException($"layer entry \"{Text(entry.Name.Span)}\" links to itself or to the root");
        Errno errno = SafePath.TryOpenDirectory(root, targetDirectory, containment, out var opened);
        if (errno == Errno.EXDEV)
            throw Escape(entry);
        if (errno == Errno.None)
        {
            using var from = opened!;
            errno = FileAt.TryLink(from, target, place, name);
            if (errno == Errno.EEXIST)
            {
                Clear(place, name);
                errno = FileAt.TryLink(from, target, place, name);
            }
        }
        if (errno is Errno.ENOENT or Errno.ENOTDIR or Errno.EPERM)
            throw new InvalidDataException(
                $"layer entry \"{Text(entry.Name.Span)}\" links to \"{Text(entry.LinkName.Span)}\", which is no file of this layer"
            );
        Require(errno, "linkat");
    }

    // Of everything that cannot be opened, or not without side effects.
    void ApplyMetadata(Fd place, ReadOnlySpan<byte> name, TarEntry entry)
    {
        if (entry.Uid != 0 || entry.Gid != 0 || inheritsGroup)
            FileAt.SetOwner(place, name, entry.Uid, entry.Gid);
        if (entry.Kind != TarKind.Symlink && (entry.Mode & (SpecialBits | umask)) != 0)
            FileAt.SetMode(place, name, entry.Mode);
        foreach (var xattr in entry.Xattrs)
            if (IsOurs(xattr.Name))
                Accept(Xattr.TrySet(place, name, xattr.Name, xattr.Value), xattr.Name, fileOrDirectory: false);
        FileAt.SetTimes(place, name, Time(entry.Access ?? entry.Modification), Time(entry.Modification));
    }

    Fd MakeDirectory(Fd place, ReadOnlySpan<byte> name, uint mode, out bool isNew)
    {
        Errno errno = FileAt.TryMakeDirectory(place, name, mode);
        bool wasHidden = false;
        isNew = true;
        if (errno == Errno.EEXIST)
        {
            Require(FileAt.TryStatus(place, name, out var status), "statx");
            if (status.Kind == FileKind.Directory)
            {
                isNew = false;
                errno = Errno.None;
            }
            else
            {
                wasHidden = status.IsWhiteout;
                Clear(place, name);
                errno = FileAt.TryMakeDirectory(place, name, mode);
            }
        }
        Require(errno, "mkdirat");
        Require(FileAt.TryOpenDirectory(place, name, out var opened), "openat");
        if (wasHidden)
            SetOpaque(opened!);
        return opened!;
    }

    // A whiteout is about the layers below: what this layer itself has under the name stays.
    static void MakeWhiteout(Fd place, ReadOnlySpan<byte> name)
    {
        Errno errno = FileAt.TryMakeNode(place, name, (uint)FileKind.CharacterDevice, 0, 0);
        if (errno == Errno.EEXIST)
        {
            if (FileAt.TryOpenDirectory(place, name, out var directory) == Errno.None)
                using (directory)
                    SetOpaque(directory!);
            return;
        }
        Require(errno, "mknodat");
    }

    static void SetOpaque(Fd directory) => Require(Xattr.TrySet(directory, "trusted.overlay.opaque"u8, "y"u8), "fsetxattr");

    // What overlayfs keeps for itself must not come from an image.
    static bool IsOurs(ReadOnlySpan<byte> name) => !name.StartsWith("trusted.overlay."u8) && !name.StartsWith("user.overlay."u8);

    // Attributes that this file system has not, and those of users on things that cannot have them, are passed over.
    static void Accept(Errno errno, ReadOnlySpan<byte> name, bool fileOrDirectory)
    {
        if (errno == Errno.EOPNOTSUPP)
            return;
        if (errno == Errno.EPERM && !fileOrDirectory && name.StartsWith("user."u8))
            return;
        Require(errno, "setxattr");
    }

    static void Require(Errno errno, string call)
    {
        if (errno != Errno.None)
            throw new ErrnoException(call, null, errno);
    }
}
