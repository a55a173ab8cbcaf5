// The container's log file, rotated by size.
using Skiff.Linux;
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>
/// Writes what the container prints to its log. Lines are gathered and written at <see cref="Flush"/>, or when many are
/// there. An error of the file (a full disk) loses lines, never more: the container does not notice, and the file
/// keeps only whole lines.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    const int GatherBytes = 64 << 10;
    const uint Mode = 0b110_100_000; // 0640

    readonly string path;
    readonly long maxBytes;
    readonly int maxFiles;
    readonly LogEncoder encoder;
    readonly LineSplitter stdout = new();
    readonly LineSplitter stderr = new();
    Fd? file;
    long fileBytes;

    /// <param name="maxBytes">a file of this size is rotated before the next line; 0 or less: never</param>
    /// <param name="maxFiles">the current file and the rotated ones (path.1 the youngest); 1 or less: the file begins anew</param>
    /// <param name="encoder">null: json-file</param>
    /// <exception cref="ErrnoException">the file cannot be opened</exception>
    public ContainerLog(string path, long maxBytes, int maxFiles, LogEncoder? encoder = null)
    {
        this.encoder = encoder ?? new JsonLogEncoder(null);
        this.path = path;
        this.maxBytes = maxBytes;
        this.maxFiles = maxFiles;
        OpenFile();
    }

    /// <summary>Where the log is.</summary>
    public string Directory => Path.GetDirectoryName(path)!;

    /// <summary>Lines that could not be written, in bytes of log.</summary>
    public long LostBytes { get; private set; }

    /// <summary>Why the last write failed; None after one that did not.</summary>
    public Errno LastError { get; private set; }

    /// <summary>Adds output of one stream; what ends in no newline waits for its rest.</summary>
    /// <param name="stream"><see cref="TaskFraming.Stdout"/> or <see cref="TaskFraming.Stderr"/></param>
    public void Append(byte stream, ReadOnlySpan<byte> bytes)
    {
        DateTime now = DateTime.UtcNow;
        LineSplitter splitter = stream == TaskFraming.Stderr ? stderr : stdout;
        while (!bytes.IsEmpty && splitter.TryNext(ref bytes, out ReadOnlySpan<byte> line, out bool newline))
            AddLine(line, newline, stream == TaskFraming.Stderr, now);
    }

    /// <summary>Adds the unfinished lines: nothing more will come.</summary>
    public void End()
    {
        DateTime now = DateTime.UtcNow;
        if (stdout.TakeRest() is { IsEmpty: false } rest)
            AddLine(rest, newline: false, stderr: false, now);
        if (stderr.TakeRest() is { IsEmpty: false } restOfErrors)
            AddLine(restOfErrors, newline: false, stderr: true, now);
    }

    /// <summary>Writes what was gathered.</summary>
    public void Flush()
    {
        ReadOnlySpan<byte> bytes = encoder.Bytes;
        if (bytes.IsEmpty)
            return;
        if (file is null)
            TryReopen();
        if (file is not null)
            Write(file, bytes);
        else
            LostBytes += bytes.Length;
        encoder.Clear();
    }

    public void Dispose() => file?.Dispose();

    void AddLine(ReadOnlySpan<byte> line, bool newline, bool stderr, DateTime time)
    {
        if (maxBytes > 0 && fileBytes + encoder.Bytes.Length >= maxBytes)
        {
            Flush();
            if (fileBytes >= maxBytes)
                Rotate();
        }
        encoder.Add(line, newline, stderr, time);
        if (encoder.Bytes.Length >= GatherBytes)
            Flush();
    }

    void Write(Fd log, ReadOnlySpan<byte> bytes)
    {
        int written = 0;
        while (written < bytes.Length)
        {
            int count = FdIo.TryWrite(log, bytes[written..], out Errno error);
            if (count <= 0)
            {
                // Whole lines or nothing: half a line would swallow the next one for every reader.
                if (written > 0)
                    FdIo.TryTruncate(log, fileBytes);
                LastError = error == Errno.None ? Errno.EIO : error;
                LostBytes += bytes.Length;
                return;
            }
            written += count;
        }
        LastError = Errno.None;
        fileBytes += bytes.Length;
    }

    /// <summary>path becomes path.1, path.1 becomes path.2 and so on; the oldest goes.</summary>
    void Rotate()
    {
        try
        {
            if (maxFiles <= 1)
            {
                // A new file rather than an empty one: whoever reads the old one reads it to its end.
                File.Delete(path);
                Reopen();
                return;
            }
            for (int i = maxFiles - 2; i >= 1; i--)
                if (File.Exists($"{path}.{i}"))
                    File.Move($"{path}.{i}", $"{path}.{i + 1}", overwrite: true);
            File.Move(path, $"{path}.1", overwrite: true);
            Reopen();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The old file may still be open and then grows on; else the next write tries to open a new one.
            LastError = exception is ErrnoException errno ? errno.Errno : Errno.EIO;
        }
    }

    void Reopen()
    {
        file?.Dispose();
        file = null;
        OpenFile();
    }

    void TryReopen()
    {
        try
        {
            OpenFile();
        }
        catch (ErrnoException exception)
        {
            LastError = exception.Errno;
        }
    }

    void OpenFile()
    {
        file = FdIo.OpenAppend(path, Mode);
        fileBytes = FdIo.Length(file);
    }
}
