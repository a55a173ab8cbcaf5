// Directories in which files are written, made or renamed: told by the kernel.
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>
/// One inotify(7) instance, of which a user has 128: share it. Watch and Unwatch are safe beside a blocked Read; watching
/// a directory again gives the number it has.
/// </summary>
public sealed unsafe class Inotify : IDisposable
{
    /// <summary>What Read tells when events were lost: look at everything.</summary>
    public const int Everything = -1;

    readonly Fd fd;
    readonly byte[] buffer = new byte[16 << 10];

    /// <exception cref="ErrnoException">EMFILE: too many instances</exception>
    public Inotify() => fd = new Fd((int)Libc.Check(Libc.inotify_init1(Libc.IN_CLOEXEC), "inotify_init1"));

    /// <summary>Watches a directory. Returns its number.</summary>
    /// <exception cref="ErrnoException">ENOENT; ENOSPC: too many watches (fs.inotify.max_user_watches)</exception>
    public int Watch(string directory) =>
        (int)
            Libc.Check(
                Libc.inotify_add_watch(
                    fd.Number,
                    directory,
                    Libc.IN_MODIFY | Libc.IN_CREATE | Libc.IN_MOVED_TO | Libc.IN_ONLYDIR
                ),
                "inotify_add_watch",
                directory
            );

    /// <summary>Ends a watch; one whose directory is gone has ended already.</summary>
    public void Unwatch(int watch) => _ = Libc.inotify_rm_watch(fd.Number, watch);

    /// <summary>Waits for changes, then adds the numbers of the directories that changed, each once.</summary>
    public void Read(ISet<int> changed)
    {
        int count = FdIo.TryRead(fd, buffer, out Errno error);
        if (count < 0)
            throw new ErrnoException("read", "inotify", error);
        // struct inotify_event { int wd; uint32_t mask, cookie, len; char name[len]; }
        for (int at = 0; at + 16 <= count; )
        {
            var header = MemoryMarshal.Cast<byte, int>(buffer.AsSpan(at, 16));
            changed.Add(header[0]);
            at += 16 + header[3];
        }
    }

    public void Dispose() => fd.Dispose();
}
