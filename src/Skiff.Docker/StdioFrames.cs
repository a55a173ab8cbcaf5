// stdout and stderr on one connection. Attach, exec and logs without a terminal:
//
//   +--------+---+---+---+--------+--------+--------+--------+----------+
//   | stream | 0 | 0 | 0 |  length of the bytes, big-endian  | bytes... |
//   +--------+---+---+---+--------+--------+--------+--------+----------+
//
// stream: 0 stdin, 1 stdout, 2 stderr, 3 an error of the engine for the user.
using System.Buffers.Binary;

namespace Skiff.Docker;

public enum StdioStream : byte
{
    Stdin = 0,
    Stdout = 1,
    Stderr = 2,
    SystemError = 3,
}

public static class StdioFrames
{
    public const int HeaderLength = 8;

    /// <summary>Fills the first eight bytes of <paramref name="header"/>.</summary>
    public static void WriteHeader(Span<byte> header, StdioStream stream, int length)
    {
        header[..4].Clear();
        header[0] = (byte)stream;
        BinaryPrimitives.WriteUInt32BigEndian(header[4..8], (uint)length);
    }

    /// <exception cref="InvalidDataException">no such stream</exception>
    public static (StdioStream Stream, uint Length) ReadHeader(ReadOnlySpan<byte> header)
    {
        if (header[0] > 3)
            throw new InvalidDataException($"unrecognized stream {header[0]} in the multiplexed output");
        return ((StdioStream)header[0], BinaryPrimitives.ReadUInt32BigEndian(header[4..8]));
    }
}

/// <summary>
/// Takes the connection's bytes in pieces of any size and hands out the payload as it comes: a frame is never held
/// in memory as a whole, except for an error's (at most 64 KiB of it).
/// </summary>
public sealed class StdioDemultiplexer
{
    const int LongestError = 64 << 10;
    readonly byte[] header = new byte[StdioFrames.HeaderLength];
    readonly List<byte> error = [];
    int headerBytes;
    uint left;
    StdioStream stream;

    public delegate void Payload(StdioStream stream, ReadOnlySpan<byte> bytes);

    /// <summary>True between frames: the end of the connection is the end of the output, not a truncation.</summary>
    public bool AtFrameBorder => headerBytes == 0 && left == 0;

    /// <exception cref="InvalidDataException">not such frames</exception>
    /// <exception cref="StdioErrorException">the engine sent an error frame</exception>
    public void Feed(ReadOnlySpan<byte> bytes, Payload payload)
    {
        while (!bytes.IsEmpty)
        {
            if (left == 0)
            {
                int wanted = Math.Min(header.Length - headerBytes, bytes.Length);
                bytes[..wanted].CopyTo(header.AsSpan(headerBytes));
                headerBytes += wanted;
                bytes = bytes[wanted..];
                if (headerBytes < header.Length)
                    return;
                (stream, left) = StdioFrames.ReadHeader(header);
                headerBytes = 0;
                if (left == 0 && stream == StdioStream.SystemError)
                    throw new StdioErrorException("");
                continue;
            }
            int length = (int)Math.Min(left, (uint)bytes.Length);
            left -= (uint)length;
            if (stream == StdioStream.SystemError)
            {
                error.AddRange(bytes[..Math.Min(length, LongestError - error.Count)]);
                if (left == 0)
                    throw new StdioErrorException(System.Text.Encoding.UTF8.GetString(error.ToArray()));
            }
            else
                payload(stream, bytes[..length]);
            bytes = bytes[length..];
        }
    }
}

/// <summary>The payload of an error frame.</summary>
public sealed class StdioErrorException(string message) : IOException("error from daemon in stream: " + message);
