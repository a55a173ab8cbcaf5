// Unpacks a tar stream into a fresh directory in the form that overlayfs stacks.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Images;

/// <summary>How an archive is copied into a container.</summary>
/// <param name="Directory">where, as a path below the root without a slash at either end</param>
/// <param name="KeepKinds">a directory is not replaced by a file, nor a file by a directory</param>
/// <param name="Owner">uid and gid for everything, or null: the archive's</param>
/// <param name="Ids">the root is seen with the host's numbers for them; null: with the container's own</param>
sealed record CopyInto(byte[] Directory, bool KeepKinds, (uint Uid, uint Gid)? Owner, IdShift? Ids = null)
{
    /// <summary>The directory itself stays as it is, whatever the archive says of its own root.</summary>
    public bool KeepsItself { get; init; }
}

/// <summary>
/// Applies one layer below <paramref name="root"/>, an empty directory that nobody else touches. Every name goes
/// through a directory descriptor that openat2 found beneath the root. A whiteout becomes a character device 0:0, an
/// opaque mark the attribute trusted.overlay.opaque. image-spec: layer.md; kernel: filesystems/overlayfs.
/// </summary>
/// <param name="copy">null for a layer; else files are copied into a tree that is in use</param>
sealed partial class LayerApplier(Fd root, CopyInto? copy = null) : IDisposable
{
    const uint SetGid = 0x400;
    const uint SpecialBits = 0xe00;
    const uint PermissionBits = 0x1ff;
    const uint RootMode = 0x1ed; // 0755

    // What a tar bomb could otherwise fill the memory with.
    const int MaxDirectories = 2_000_000;

    // Written to every directory at the end: unpacking into it changes its times, a default ACL what is made in it.
    readonly record struct Finish(TarTime Access, TarTime Modification, byte[]? DefaultAcl);

    // Both by path, in Latin-1: one character a byte.
    readonly Dictionary<string, Finish> finishes = [];
    readonly HashSet<string> implicitDirectories = [];
    readonly byte[] path = new byte[TarReader.MaxName];
    readonly byte[] linkPath = new byte[TarReader.MaxName];
    readonly uint umask = Umask.Current;

    // The directory of the last entry: the next one is mostly its neighbour.
    byte[] parentPath = [];
    Fd? parent;
    bool inheritsGroup = copy is not null;
    bool rootSeen;

    // A layer has no business outside of its directory; a copy goes where the container's own processes would come out.
    readonly Containment containment = copy is null ? Containment.Beneath : Containment.InRoot;

    /// <summary>Bytes of the files' contents.</summary>
    public long Size { get; private set; }

    /// <summary>Directories that the layer has entries in but none for, outermost first; the root is an empty path.</summary>
    public IEnumerable<byte[]> ImplicitDirectories =>
        (rootSeen ? [] : (IEnumerable<string>)[""])
            .Concat(implicitDirectories.OrderBy(p => p.Length))
            .Select(Encoding.Latin1.GetBytes);

    public void Dispose() => parent?.Dispose();

    /// <summary>Applies the whole archive.</summary>
    /// <exception cref="InvalidDataException">broken or hostile</exception>
    /// <exception cref="ErrnoException">ENOSPC, EDQUOT, EIO ...</exception>
    public void Apply(TarReader reader, CancellationToken cancellation)
    {
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Apply(entry, reader, cancellation);
            }
            catch (ErrnoException e)
            {
                throw new ErrnoException(e.Call, $"layer entry \"{Text(entry.Name.Span)}\"", e.Errno);
            }
        }
        ApplyFinishes();
    }

    void Apply(TarEntry entry, TarReader reader, CancellationToken cancellation)
    {
        int length = Place(entry.Name.Span, path);
        if (length < 0)
            throw Escape(entry);
        var whole = path.AsSpan(0, length);
        if (copy is { KeepsItself: true } && whole.SequenceEqual(copy.Directory))
            return;
        LayerPath.Split(whole, out var directory, out var name);
        if (name.IsEmpty)
        {
            if (entry.Kind != TarKind.Directory)
                throw new InvalidDataException($"layer entry \"{Text(entry.Name.Span)}\" is the root but no directory");
            rootSeen = true;
            if (copy?.Ids is { } ids)
                (entry.Uid, entry.Gid) = ids.Outside(entry.Uid, entry.Gid);
            ApplyDirectory(root, whole, entry, isNew: false);
            return;
        }
        if (name.Length > SafePath.MaxName)
            throw new InvalidDataException($"layer entry has a name of {name.Length} bytes");

        var kind = WhiteoutKind.None;
        ReadOnlySpan<byte> hidden = default;
        if (copy is null)
            kind = Whiteouts.Parse(name, out hidden);
        if (kind == WhiteoutKind.Ignored)
            return;
        if (kind == WhiteoutKind.Invalid)
            throw new InvalidDataException($"layer entry \"{Text(entry.Name.Span)}\" is no valid whiteout");
        // Aufs kept its own files in such directories at the root.
        if (copy is null && whole.StartsWith(".wh..wh."u8) && kind == WhiteoutKind.None)
            return;

        var place = Parent(directory, entry);
        if (kind == WhiteoutKind.Opaque)
            SetOpaque(place);
        else if (kind == WhiteoutKind.Removed)
            MakeWhiteout(place, hidden);
        else
        {
            if (copy is not null)
                CheckPlace(place, name, entry, copy.KeepKinds);
            if (copy?.Owner is { } owner)
                (entry.Uid, entry.Gid) = owner;
            if (copy?.Ids is { } ids)
                (entry.Uid, entry.Gid) = ids.Outside(entry.Uid, entry.Gid);
            ApplyEntry(place, name, whole, entry, reader, cancellation);
        }
    }

    /// <summary>A name of the archive as a path below the root; -1 if it leads out.</summary>
    int Place(ReadOnlySpan<byte> name, byte[] destination)
    {
        if (copy is not { Directory.Length: > 0 })
            return LayerPath.Clean(name, destination);
        int prefix = copy.Directory.Length;
        copy.Directory.CopyTo(destination.AsSpan());
        if (prefix + 1 + name.Length > destination.Length)
            throw new InvalidDataException($"archive entry \"{Text(name)}\" has a path that is too long here");
        int length = LayerPath.Clean(name, destination.AsSpan(prefix + 1));
        if (length <= 0)
            return length < 0 ? -1 : prefix;
        destination[prefix] = (byte)'/';
        return prefix + 1 + length;
    }

    static void CheckPlace(Fd place, ReadOnlySpan<byte> name, TarEntry entry, bool keepKinds)
    {
        if (FileAt.TryStatus(place, name, out var there) != Errno.None)
            return;
        bool isDirectory = there.Kind == FileKind.Directory;
        if (keepKinds && isDirectory && entry.Kind != TarKind.Directory)
            throw new InvalidDataException($"cannot overwrite directory \"{Text(entry.Name.Span)}\" with non-directory");
        if (keepKinds && !isDirectory && entry.Kind == TarKind.Directory)
            throw new InvalidDataException($"cannot overwrite non-directory \"{Text(entry.Name.Span)}\" with directory");
        // From outside of the container's mount namespace the kernel would remove the place and drop the mount.
        if ((!isDirectory || entry.Kind != TarKind.Directory) && there.MountId != FileAt.Status(place).MountId)
            throw new ErrnoException("unlinkat", null, Errno.EBUSY);
    }

    Fd Parent(ReadOnlySpan<byte> directory, TarEntry entry)
    {
        if (directory.IsEmpty)
            return root;
        if (parent is not null && directory.SequenceEqual(parentPath))
            return parent;
        Errno errno = SafePath.TryOpenDirectory(root, directory, containment, out var opened);
        if (errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            MakeImplicit(directory);
            errno = SafePath.TryOpenDirectory(root, directory, containment, out opened);
        }
        if (errno == Errno.EXDEV)
            throw Escape(entry);
        if (errno is Errno.ENOTDIR or Errno.ENOENT or Errno.ELOOP)
            throw new InvalidDataException($"layer entry \"{Text(entry.Name.Span)}\" lies in something that is no directory");
        Require(errno, "openat2");
        Remember(opened!, directory);
        return opened!;
    }

    // The directories on the way to an entry that the layer has not mentioned, or only as removed.
    void MakeImplicit(ReadOnlySpan<byte> directory)
    {
        for (int end = 0; end <= directory.Length; end++)
        {
            if (end < directory.Length && directory[end] != '/')
                continue;
            var ancestor = directory[..end];
            LayerPath.Split(ancestor, out var above, out var name);
            if (SafePath.TryOpenDirectory(root, above, containment, out var opened) != Errno.None)
                return;
            using var place = opened!;
            bool wasHidden = FileAt.TryStatus(place, name, out var status) == Errno.None && status.IsWhiteout;
            if (wasHidden)
                FileAt.TryRemove(place, name, isDirectory: false);
            Errno errno = FileAt.TryMakeDirectory(place, name, RootMode);
            if (errno == Errno.EEXIST)
                continue;
            Require(errno, "mkdirat");
            if (wasHidden && FileAt.TryOpenDirectory(place, name, out var made) == Errno.None)
                using (made)
                    SetOpaque(made!);
            else
            {
                implicitDirectories.Add(Key(ancestor));
                CheckDirectories();
            }
        }
    }

    void Remember(Fd directory, ReadOnlySpan<byte> itsPath)
    {
        parent?.Dispose();
        parent = directory;
        parentPath = itsPath.ToArray();
    }

    // The later of two entries with one name counts.
    void Clear(Fd place, ReadOnlySpan<byte> name)
    {
        TreeRemoval.Remove(place, name);
        if (place == parent)
            return;
        // The remembered directory may have been in what was removed.
        parent?.Dispose();
        parent = null;
        parentPath = [];
    }

    void CheckDirectories()
    {
        if (finishes.Count + implicitDirectories.Count > MaxDirectories)
            throw new InvalidDataException($"the layer has more than {MaxDirectories} directories");
    }

    void ApplyFinishes()
    {
        foreach (var (key, finish) in finishes)
        {
            // It may have been replaced by something else meanwhile; beneath the root it is in any case.
            byte[] directory = Encoding.Latin1.GetBytes(key);
            if (SafePath.TryOpenDirectory(root, directory, containment, out var opened) != Errno.None)
                continue;
            using var fd = opened!;
            if (finish.DefaultAcl is { } acl)
                Accept(Xattr.TrySet(fd, DefaultAclName, acl), DefaultAclName, fileOrDirectory: true);
            FileAt.SetTimes(fd, Time(finish.Access), Time(finish.Modification));
        }
    }

    static InvalidDataException Escape(TarEntry entry) =>
        new(
            entry.Kind == TarKind.HardLink
                ? $"layer entry \"{Text(entry.Name.Span)}\" escapes the root: it links to \"{Text(entry.LinkName.Span)}\""
                : $"layer entry \"{Text(entry.Name.Span)}\" escapes the root"
        );

    static string Key(ReadOnlySpan<byte> path) => Encoding.Latin1.GetString(path);

    static string Text(ReadOnlySpan<byte> name) =>
        name.Length <= 300 ? Encoding.UTF8.GetString(name) : Encoding.UTF8.GetString(name[..300]) + "...";

    static FileTime Time(TarTime time) => new(time.Seconds, time.Nanoseconds);
}
