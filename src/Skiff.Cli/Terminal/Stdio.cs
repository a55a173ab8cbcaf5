// Descriptors 0, 1 and 2 as streams: unbuffered, in order even if two of them are the same file, ending on a broken pipe.
using Skiff.Linux;

namespace Skiff.Cli.Terminal;

/// <summary>Reads or writes one of the standard descriptors; closes none.</summary>
internal sealed class Stdio : Stream
{
    public static readonly Stdio In = new(0);
    public static readonly Stdio Out = new(1);
    public static readonly Stdio Error = new(2);

    readonly Fd fd;

    // Never disposed: the process owns these numbers until its end.
    Stdio(int number) => fd = new Fd(number);

    public bool IsTerminal => Linux.Terminals.Termios.IsTerminal(fd.Number);
    public int Number => fd.Number;

    public override int Read(Span<byte> buffer)
    {
        int count = FdIo.TryRead(fd, buffer, out var error);
        // EIO: the terminal is gone.
        return count >= 0 ? count
            : error == Errno.EIO ? 0
            : throw new ErrnoException("read", "stdin", error);
    }

    /// <exception cref="BrokenPipeException">nobody reads any more</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = FdIo.TryWrite(fd, buffer, out var error);
            if (count < 0)
                throw error is Errno.EPIPE or Errno.EIO
                    ? new BrokenPipeException()
                    : new ErrnoException("write", fd.Number == 1 ? "stdout" : "stderr", error);
            buffer = buffer[count..];
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override bool CanRead => fd.Number == 0;
    public override bool CanSeek => false;
    public override bool CanWrite => fd.Number != 0;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>The reader of our output has gone: the program ends quietly with the code of SIGPIPE.</summary>
internal sealed class BrokenPipeException : IOException;
