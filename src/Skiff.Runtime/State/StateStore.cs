// The directory of all containers (--root): one directory each, with state.json, a copy of config.json and the gate.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Tasks;
using LaunchException = Skiff.Runtime.Launch.LaunchException;

namespace Skiff.Runtime.State;

/// <summary>
/// The directory's existence is the claim on the ID. Everything in it is written whole or not at all, so that a command
/// that is killed leaves a state which the next one understands. It is state of this boot: no fsync.
/// </summary>
internal sealed class StateStore(string root)
{
    const int LongestId = 1024;
    const uint S_IFIFO = 0x1000;
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>--systemd-cgroup: new containers get their cgroup from systemd.</summary>
    public bool SystemdCgroup { get; init; }

    /// <exception cref="LaunchException">an ID that is none</exception>
    public string DirectoryOf(string id)
    {
        bool valid = id.Length is > 0 and <= LongestId && id is not ("." or "..");
        foreach (char c in id)
            valid &= char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-' or '.';
        return valid
            ? Path.Combine(Root, id)
            : throw new LaunchException(FailureKind.Other, $"invalid container ID format: {id}");
    }

    /// <summary>Claims an ID.</summary>
    /// <exception cref="LaunchException">it is taken</exception>
    public void Claim(ContainerRecord record, byte[] config)
    {
        string directory = DirectoryOf(record.Id);
        Directory.CreateDirectory(Root, OwnerOnly);
        using Fd top = SafePath.OpenRoot(Root);
        Errno errno = FileAt.TryMakeDirectory(top, Encoding.UTF8.GetBytes(record.Id), (uint)OwnerOnly);
        if (errno == Errno.EEXIST)
            throw new LaunchException(FailureKind.WrongState, $"container with given ID already exists: {record.Id}");
        if (errno != Errno.None)
            throw new ErrnoException("mkdir", directory, errno);
        AtomicFile.Write(Path.Combine(directory, "config.json"), config, durable: false);
        Save(record);
    }

    public void Save(ContainerRecord record) =>
        AtomicFile.Write(Path.Combine(DirectoryOf(record.Id), "state.json"), record.ToJson(), durable: false);

    /// <summary>null: there is no such container, or one whose create was killed before it had said anything.</summary>
    public ContainerRecord? TryLoad(string id)
    {
        string file = Path.Combine(DirectoryOf(id), "state.json");
        return File.Exists(file) ? ContainerRecord.FromJson(File.ReadAllBytes(file)) : null;
    }

    /// <exception cref="LaunchException">there is none</exception>
    public ContainerRecord Load(string id) =>
        TryLoad(id) ?? throw new LaunchException(FailureKind.NotFound, $"container {id} does not exist");

    /// <summary>config.json as it was when the container was created.</summary>
    public byte[] Config(string id) => File.ReadAllBytes(Path.Combine(DirectoryOf(id), "config.json"));

    public IEnumerable<ContainerRecord> All()
    {
        if (!Directory.Exists(Root))
            yield break;
        foreach (string directory in Directory.EnumerateDirectories(Root).Order(StringComparer.Ordinal))
        {
            if (TryLoad(Path.GetFileName(directory)) is { } record)
                yield return record;
        }
    }

    /// <summary>Held while a container changes.</summary>
    public FileLock Lock(string id)
    {
        try
        {
            return FileLock.TakeDirectory(DirectoryOf(id));
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENOENT)
        {
            throw new LaunchException(FailureKind.NotFound, $"container {id} does not exist", e);
        }
    }

    public string Gate(string id) => Path.Combine(DirectoryOf(id), "exec.fifo");

    /// <summary>Makes the FIFO at which a created container waits, open for both ends: so it never sees an end.</summary>
    public Fd MakeGate(string id)
    {
        using Fd place = SafePath.OpenRoot(DirectoryOf(id));
        Errno errno = FileAt.TryMakeNode(
            place,
            "exec.fifo"u8,
            S_IFIFO
                | 0x180 /* 0600 */
            ,
            0,
            0
        );
        if (errno != Errno.None)
            throw new ErrnoException("mkfifo", Gate(id), errno);
        return FdIo.OpenReadWrite(Gate(id));
    }

    public void Remove(string id)
    {
        string directory = DirectoryOf(id);
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
