// A tar from a container as files of this machine. The container wrote it: nothing in it may lead out of the destination.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Cli.Files;

/// <summary>
/// Every entry goes through a directory that the kernel found beneath the destination without following a symlink. What
/// is made belongs to the user; kinds are kept: no directory becomes a file, nor a file a directory.
/// </summary>
internal sealed class TreeUnpacker(string destination) : IDisposable
{
    const uint PermissionBits = 0xfff;

    readonly Fd root = SafePath.OpenRoot(destination);
    readonly byte[] path = new byte[TarReader.MaxName];
    readonly List<(byte[] Path, TarEntry Entry)> directories = [];

    /// <summary>Bytes of the files unpacked.</summary>
    public long Size { get; private set; }

    public void Dispose() => root.Dispose();

    /// <param name="oldName">the first part of names in the archive, to be replaced by the new; null: names stay</param>
    /// <exception cref="CliException">a broken or hostile archive, or something in the way</exception>
    public void Unpack(Stream archive, string? oldName, string? newName)
    {
        try
        {
            var reader = new TarReader(archive);
            while (reader.Next() is { } entry)
                Place(reader, entry, oldName, newName);
        }
        catch (InvalidDataException e)
        {
            throw new CliException($"the archive of the container is broken: {e.Message}");
        }
        // At the end: unpacking into a directory changes its times, and it may not be writable.
        for (int i = directories.Count - 1; i >= 0; i--)
        {
            var (where, entry) = directories[i];
            if (SafePath.TryOpenDirectory(root, where, Containment.NoSymlinks, out var opened) != Errno.None)
                continue;
            using (opened)
            {
                FileAt.SetMode(opened!, entry.Mode & PermissionBits);
                FileAt.SetTimes(opened!, Time(entry.Modification), Time(entry.Modification));
            }
        }
    }

    void Place(TarReader reader, TarEntry entry, string? oldName, string? newName)
    {
        byte[] whole = Renamed(entry.Name.Span, oldName, newName);
        LayerPath.Split(whole, out var directory, out var name);
        if (name.IsEmpty)
        {
            if (entry.Kind == TarKind.Directory)
                return; // the destination itself stays as it is
            throw new InvalidDataException("an entry without a name");
        }
        Errno errno = SafePath.TryOpenDirectory(root, directory, Containment.NoSymlinks, out var opened);
        if (errno == Errno.ENOENT)
        {
            MakeDirectories(directory);
            errno = SafePath.TryOpenDirectory(root, directory, Containment.NoSymlinks, out opened);
        }
        if (errno != Errno.None)
            throw Failed(whole, errno);
        using var place = opened!;
        CheckKind(place, name, whole, entry);
        switch (entry.Kind)
        {
            case TarKind.Directory:
                errno = FileAt.TryMakeDirectory(place, name, 0x1c0);
                if (errno is not (Errno.None or Errno.EEXIST))
                    throw Failed(whole, errno);
                directories.Add((whole, new TarEntry { Mode = entry.Mode, Modification = entry.Modification }));
                return;
            case TarKind.File:
                WriteFile(reader, place, name, whole, entry);
                return;
            case TarKind.Symlink:
                Require(FileAt.TryMakeSymlink(place, name, entry.LinkName.Span), whole);
                break;
            case TarKind.HardLink:
                Link(place, name, whole, Renamed(entry.LinkName.Span, oldName, newName));
                return;
            default:
                var kind = entry.Kind switch
                {
                    TarKind.CharacterDevice => FileKind.CharacterDevice,
                    TarKind.BlockDevice => FileKind.BlockDevice,
                    _ => FileKind.Fifo,
                };
                Require(FileAt.TryMakeNode(place, name, (uint)kind | entry.Mode, entry.DeviceMajor, entry.DeviceMinor), whole);
                break;
        }
        FileAt.SetTimes(place, name, Time(entry.Modification), Time(entry.Modification));
    }

    void WriteFile(TarReader reader, Fd place, ReadOnlySpan<byte> name, byte[] whole, TarEntry entry)
    {
        Require(FileAt.TryCreateFile(place, name, 0x180, out var created), whole);
        using var file = created!;
        if (entry.Sparse is not null)
            throw new InvalidDataException("a sparse file where none is expected");
        while (reader.ReadChunk() is { IsEmpty: false } chunk)
            SafePath.WriteAll(file, chunk, Encoding.UTF8.GetString(whole));
        Size += entry.Size;
        FileAt.SetMode(file, entry.Mode & PermissionBits);
        FileAt.SetTimes(file, Time(entry.Modification), Time(entry.Modification));
    }

    void Link(Fd place, ReadOnlySpan<byte> name, byte[] whole, byte[] target)
    {
        LayerPath.Split(target, out var directory, out var last);
        Errno errno = SafePath.TryOpenDirectory(root, directory, Containment.NoSymlinks, out var opened);
        if (errno == Errno.None)
            using (opened)
                errno = FileAt.TryLink(opened!, last, place, name);
        Require(errno, whole);
    }

    /// <summary>Makes room for what is no directory.</summary>
    static void CheckKind(Fd place, ReadOnlySpan<byte> name, byte[] whole, TarEntry entry)
    {
        if (FileAt.TryStatus(place, name, out var there) != Errno.None)
            return;
        bool isDirectory = there.Kind == FileKind.Directory;
        if (isDirectory && entry.Kind != TarKind.Directory)
            throw new CliException($"cannot overwrite directory \"{Encoding.UTF8.GetString(whole)}\" with non-directory");
        if (!isDirectory && entry.Kind == TarKind.Directory)
            throw new CliException($"cannot overwrite non-directory \"{Encoding.UTF8.GetString(whole)}\" with directory");
        if (!isDirectory)
            Require(FileAt.TryRemove(place, name, isDirectory: false), whole);
    }

    void MakeDirectories(ReadOnlySpan<byte> directory)
    {
        for (int end = 1; end <= directory.Length; end++)
        {
            if (end < directory.Length && directory[end] != '/')
                continue;
            LayerPath.Split(directory[..end], out var above, out var name);
            if (SafePath.TryOpenDirectory(root, above, Containment.NoSymlinks, out var opened) != Errno.None)
                return;
            using (opened)
                FileAt.TryMakeDirectory(opened!, name, 0x1ed);
        }
    }

    /// <summary>The entry's path below the destination, cleaned, its first name replaced.</summary>
    byte[] Renamed(ReadOnlySpan<byte> name, string? oldName, string? newName)
    {
        int length = LayerPath.Clean(name, path);
        if (length < 0)
            throw new InvalidDataException($"entry \"{Encoding.UTF8.GetString(name)}\" leads out of the destination");
        byte[] clean = path[..length];
        if (newName is null)
            return clean;
        // The archive of "/x/." names its entries from there: the new name comes in front.
        byte[] old = oldName is "." or "/" ? [] : Encoding.UTF8.GetBytes(oldName!);
        byte[] replacement = Encoding.UTF8.GetBytes(newName);
        if (old.Length == 0)
            return clean.Length == 0 ? replacement : [.. replacement, (byte)'/', .. clean];
        return clean.AsSpan().StartsWith(old) && (clean.Length == old.Length || clean[old.Length] == '/')
            ? [.. replacement, .. clean.AsSpan(old.Length)]
            : clean;
    }

    static void Require(Errno errno, byte[] whole)
    {
        if (errno != Errno.None)
            throw Failed(whole, errno);
    }

    static CliException Failed(byte[] whole, Errno errno) =>
        new(
            $"{Encoding.UTF8.GetString(whole)}: {(errno == Errno.ELOOP ? "a symbolic link is in the way" : ErrnoText.Of(errno))}"
        );

    static FileTime Time(TarTime time) => new(time.Seconds, time.Nanoseconds);
}
