// One file of a log, held open so that a rotation takes nothing away.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Containers;

internal sealed class LogFile : IDisposable
{
    const int ChunkBytes = 64 << 10;

    readonly Fd file;
    readonly LogFormat format;
    long position;

    LogFile(Fd file, LogFormat format)
    {
        this.file = file;
        this.format = format;
        var status = FileAt.Status(file);
        Identity = (status.Device, status.Inode);
    }

    /// <summary>Tells this file from its successors under the same name. No other has it while this one is open.</summary>
    internal (ulong Device, ulong Inode) Identity { get; }

    /// <summary>It has no name any more: rotated out.</summary>
    internal bool IsDeleted => FileAt.Status(file).Links == 0;

    /// <summary>null: there is none.</summary>
    internal static LogFile? TryOpen(Fd directory, string name, LogFormat format) =>
        FileAt.TryOpenRead(directory, Encoding.UTF8.GetBytes(name), out var file) == Errno.None
            ? new LogFile(file!, format)
            : null;

    /// <summary>Of the file that has the name now.</summary>
    internal static (ulong Device, ulong Inode)? IdentityOf(Fd directory, string name) =>
        FileAt.TryStatus(directory, Encoding.UTF8.GetBytes(name), out var status) == Errno.None
            ? (status.Device, status.Inode)
            : null;

    public void Dispose() => file.Dispose();

    /// <summary>Nothing of what is there now is read.</summary>
    internal void SkipAll() => position = FdIo.Length(file);

    /// <summary>Whole entries from the position on; leaves the position after the last.</summary>
    internal IEnumerable<LogLine> Read()
    {
        byte[] buffer = new byte[ChunkBytes];
        int held = 0;
        while (true)
        {
            FileAt.Seek(file, position + held);
            int read = FdIo.TryRead(file, buffer.AsSpan(held), out _);
            if (read <= 0)
                yield break;
            held += read;
            int start = 0;
            int length;
            while ((length = format.First(buffer.AsSpan(start, held - start))) != 0)
            {
                var line = length > 0 ? format.Parse(buffer.AsSpan(start, length)) : null;
                start += Math.Abs(length);
                position += Math.Abs(length);
                if (line is { } entry)
                    yield return entry;
            }
            buffer.AsSpan(start, held - start).CopyTo(buffer);
            held -= start;
            if (held == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    /// <summary>
    /// Goes back from the end, over entries as long as they are taken, without reading what lies before. The position is
    /// then the first of them.
    /// </summary>
    /// <param name="take">called with each entry, the last first; false: this one and all before it are not read</param>
    /// <returns>false: an entry was not taken</returns>
    internal bool GoBack(Func<LogLine, bool> take)
    {
        byte[] buffer = [];
        long start = FdIo.Length(file);
        int held = 0;
        bool first = true;
        while (true)
        {
            while (held > 0)
            {
                int begin = format.Last(buffer.AsSpan(0, held));
                // An entry of json that seems to begin with the buffer may begin before it.
                if (begin < 0 || (begin == 0 && start > 0))
                    break;
                if (format.Parse(buffer.AsSpan(begin, held - begin)) is { } line && !take(line))
                {
                    position = start + held;
                    return false;
                }
                held = begin;
            }
            if (start == 0 || held > 2 * LogFormat.MaxEntryBytes)
            {
                // The beginning, or no log of ours: all is to be read.
                position = start == 0 ? 0 : start + held;
                return true;
            }
            int more = (int)Math.Min(start, ChunkBytes);
            byte[] larger = new byte[more + held];
            buffer.AsSpan(0, held).CopyTo(larger.AsSpan(more));
            start -= more;
            ReadAt(start, larger.AsSpan(0, more));
            buffer = larger;
            held += more;
            if (first)
                held -= format.Torn(buffer.AsSpan(0, held));
            first = false;
        }
    }

    void ReadAt(long offset, Span<byte> bytes)
    {
        FileAt.Seek(file, offset);
        while (!bytes.IsEmpty)
        {
            int read = FdIo.TryRead(file, bytes, out _);
            if (read <= 0)
            {
                bytes.Clear(); // cut meanwhile
                return;
            }
            bytes = bytes[read..];
        }
    }
}
