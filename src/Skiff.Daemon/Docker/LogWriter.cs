// Log lines on the wire: a stdcopy frame each (unless there was a terminal), with the time before them if asked.
using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Skiff.Docker;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

/// <param name="details">a space where the attributes of --log-opt labels and env would stand: there are none</param>
internal sealed class LogWriter(PipeWriter output, bool multiplexed, bool timestamps, bool details)
{
    const int FlushBytes = 64 << 10;
    int unflushed;

    internal async ValueTask WriteAsync(LogLine line, bool flush, CancellationToken cancellation)
    {
        byte[] prefix = Encoding.ASCII.GetBytes((timestamps ? DockerTime.FormatLog(line.Time) + " " : "") + (details ? " " : ""));
        if (multiplexed)
        {
            var header = output.GetSpan(8);
            header[..8].Clear();
            header[0] = line.Stream;
            BinaryPrimitives.WriteInt32BigEndian(header[4..], prefix.Length + line.Text.Length);
            output.Advance(8);
        }
        output.Write(prefix);
        output.Write(line.Text.Span);
        unflushed += prefix.Length + line.Text.Length;
        if (!flush && unflushed < FlushBytes)
            return;
        unflushed = 0;
        await output.FlushAsync(cancellation);
    }
}
