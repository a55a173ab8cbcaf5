// Files of this machine as a tar, for copying into a container.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Cli.Files;

internal sealed class TreePacker(Stream output)
{
    readonly TarWriter tar = new(output);
    readonly byte[] buffer = new byte[128 << 10];
    readonly Dictionary<(ulong, ulong), byte[]> links = [];

    /// <summary>Bytes of the files packed.</summary>
    public long Size { get; private set; }

    /// <summary>Packs a file or a tree under a name of its own, and ends the archive.</summary>
    public void Pack(string path, string name)
    {
        var (directory, last) = CopyPath.Split(path);
        using var place = SafePath.OpenRoot(directory);
        if (FileAt.TryStatus(place, Encoding.UTF8.GetBytes(last), out _) != Errno.None)
            throw new CliException($"lstat {path}: no such file or directory");
        Add(place, Encoding.UTF8.GetBytes(last == "/" ? "." : last), Encoding.UTF8.GetBytes(name));
        tar.Finish();
    }

    /// <summary>Packs what is in a directory and one further file, and ends the archive.</summary>
    public void PackContents(string path, (string Name, byte[] Content)? further)
    {
        using var directory = SafePath.OpenRoot(path);
        var entries = DirectoryReader.ReadAll(directory);
        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (var (inside, _) in entries)
            Add(directory, inside, inside);
        if (further is var (name, content))
        {
            tar.Begin(
                new TarEntry
                {
                    Name = Encoding.UTF8.GetBytes(name),
                    Mode = 0x180,
                    Size = content.Length,
                }
            );
            tar.Write(content);
        }
        tar.Finish();
    }

    void Add(Fd place, byte[] entry, byte[] name)
    {
        if (FileAt.TryStatus(place, entry, out var status) != Errno.None)
            return; // gone meanwhile
        var header = new TarEntry
        {
            Name = name,
            Mode = status.Mode,
            Uid = status.Uid,
            Gid = status.Gid,
            Modification = new TarTime(status.Modification.Seconds, status.Modification.Nanoseconds),
        };
        if (status.Links > 1 && status.Kind != FileKind.Directory)
        {
            if (links.TryGetValue((status.Device, status.Inode), out byte[]? first))
            {
                header.Kind = TarKind.HardLink;
                header.LinkName = first;
                tar.Begin(header);
                return;
            }
            links.Add((status.Device, status.Inode), name);
        }
        switch (status.Kind)
        {
            case FileKind.Regular:
                AddFile(place, entry, header);
                break;
            case FileKind.Directory:
                header.Kind = TarKind.Directory;
                tar.Begin(header);
                AddAll(place, entry, name);
                break;
            case FileKind.Symlink:
                header.Kind = TarKind.Symlink;
                header.LinkName = FileAt.ReadLink(place, entry);
                tar.Begin(header);
                break;
            case FileKind.Socket:
                break;
            default:
                header.Kind = status.Kind switch
                {
                    FileKind.CharacterDevice => TarKind.CharacterDevice,
                    FileKind.BlockDevice => TarKind.BlockDevice,
                    _ => TarKind.Fifo,
                };
                header.DeviceMajor = status.Major;
                header.DeviceMinor = status.Minor;
                tar.Begin(header);
                break;
        }
    }

    void AddAll(Fd place, byte[] entry, byte[] name)
    {
        Require(FileAt.TryOpenDirectory(place, entry, out var opened), "open", name);
        using var directory = opened!;
        var entries = DirectoryReader.ReadAll(directory);
        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (var (inside, _) in entries)
            Add(directory, inside, [.. name, (byte)'/', .. inside]);
    }

    void AddFile(Fd place, byte[] entry, TarEntry header)
    {
        Require(FileAt.TryOpenRead(place, entry, out var opened), "open", header.Name.ToArray());
        using var file = opened!;
        header.Size = FileAt.Status(file).Size;
        tar.Begin(header);
        Size += header.Size;
        for (long rest = header.Size; rest > 0; )
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(rest, buffer.Length));
            int count = FdIo.TryRead(file, chunk, out var error);
            if (count < 0)
                throw new ErrnoException("read", Encoding.UTF8.GetString(header.Name.Span), error);
            if (count == 0)
            {
                chunk.Clear(); // it has shrunk
                count = chunk.Length;
            }
            tar.Write(chunk[..count]);
            rest -= count;
        }
    }

    static void Require(Errno errno, string call, byte[] name)
    {
        if (errno != Errno.None)
            throw new CliException($"{call} {Encoding.UTF8.GetString(name)}: {ErrnoText.Of(errno)}");
    }
}
