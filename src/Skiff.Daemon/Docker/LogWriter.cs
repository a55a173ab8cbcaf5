// Log lines on the wire: a stdcopy frame each (unless there was a terminal), with the time before them if asked.
using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Skiff.Docker;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

/// <param name="details">before each line, the attributes of --log-opt labels, env and tag</param>
internal sealed class LogWriter(PipeWriter output, bool multiplexed, bool timestamps, bool details)
{
    const int FlushBytes = 64 << 10;
    int unflushed;

    internal async ValueTask WriteAsync(LogLine line, bool flush, CancellationToken cancellation)
    {
        byte[] prefix = Encoding.ASCII.GetBytes(
            (timestamps ? DockerTime.FormatLog(line.Time) + " " : "") + (details ? Details(line) + " " : "")
        );
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

    /// <summary>"a=b,c=d%2Fe": by key, escaped as in a query.</summary>
    static string Details(LogLine line) =>
        string.Join(
            ',',
            (line.Attributes ?? new Dictionary<string, string>())
                .OrderBy(a => a.Key, StringComparer.Ordinal)
                .Select(a => $"{Escape(a.Key)}={Escape(a.Value)}")
        );

    static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}
