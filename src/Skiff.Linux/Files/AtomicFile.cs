// Files that appear whole or not at all: written beside, synced, renamed over.
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>Whole-file writes and the syncing that makes renames durable.</summary>
public static class AtomicFile
{
    static int counter;

    /// <summary>
    /// Replaces a file in one step: readers see the old content or the new. After a return with
    /// <paramref name="durable"/> the new content survives a power failure.
    /// </summary>
    /// <param name="mode">permission bits of the new file, before the umask</param>
    /// <exception cref="ErrnoException">ENOSPC, EDQUOT, ENOENT: no such directory; nothing is left</exception>
    public static void Write(
        string path,
        ReadOnlySpan<byte> content,
        bool durable = true,
        uint mode = 0x1A4 /* 0644 */
    )
    {
        string temporary = $"{path}.{Environment.ProcessId}.{Interlocked.Increment(ref counter)}.tmp";
        int number = Libc.open(temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, mode);
        Libc.Check(number, "open", temporary);
        try
        {
            using (var fd = new Fd(number))
            {
                SafePath.WriteAll(fd, content, path);
                if (durable)
                    Libc.Check(Libc.fsync(fd.Number), "fsync", path);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        if (durable)
            SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Makes the names in a directory (files made, renamed, removed) survive a power failure. fsync(2).</summary>
    public static void SyncDirectory(string path)
    {
        int number = Libc.open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        Libc.Check(number, "open", path);
        using var fd = new Fd(number);
        Libc.Check(Libc.fsync(fd.Number), "fsync", path);
    }

    /// <summary>Writes everything of the file system that holds a path to its disk: cheaper than many fsyncs. syncfs(2).</summary>
    public static void SyncFileSystem(string path)
    {
        int number = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        Libc.Check(number, "open", path);
        using var fd = new Fd(number);
        Libc.Check(Libc.syncfs(fd.Number), "syncfs", path);
    }
}
