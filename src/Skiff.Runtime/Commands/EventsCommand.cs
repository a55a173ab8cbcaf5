// skiff-runtime events: what a container uses, once or again and again, and when it runs out of memory.
using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Skiff.Linux.Cgroups;
using Skiff.Linux.Sockets;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>events [--stats] [--interval 5s] ID: a line of JSON each, in runc's form. Ends with the container.</summary>
internal static class EventsCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        var arguments = Arguments.Parse("events", given, ["interval"], ["stats"]);
        string id = arguments.OnlyId();
        int interval = Milliseconds(arguments.Value("interval") ?? "5s");
        using LiveState state = LiveState.Load(store, id);
        if (state.Status is ContainerStatus.Stopped or ContainerStatus.Creating)
            throw new LaunchException(FailureKind.WrongState, $"container with id {id} is not running");
        Cgroup cgroup = state.Container.Cgroup;
        Program.Print(Stats(id, CgroupCounters.Read(cgroup)));
        if (arguments.Has("stats"))
            return 0;
        using var epoll = new Epoll();
        epoll.Add(state.Init, EpollEvents.In, 0);
        Span<EpollReady> ready = stackalloc EpollReady[1];
        long kills = cgroup.OomKills();
        while (epoll.Wait(ready, interval) == 0)
        {
            if (cgroup.OomKills() is var now && now > kills)
            {
                kills = now;
                Program.Print(Line("oom", id, null));
            }
            Program.Print(Stats(id, CgroupCounters.Read(cgroup)));
        }
        return 0;
    }

    /// <summary>A duration as Go writes it, in its simple forms: 500ms, 5s, 1m.</summary>
    static int Milliseconds(string text)
    {
        (string number, int unit) =
            text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1)
            : text.EndsWith('s') ? (text[..^1], 1000)
            : text.EndsWith('m') ? (text[..^1], 60_000)
            : ("", 0);
        return
            double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value > 0
            && value * unit is >= 1 and <= int.MaxValue
            ? (int)(value * unit)
            : throw new UsageException($"events: invalid duration {text}");
    }

    static byte[] Stats(string id, CgroupCounters counters) =>
        Line(
            "stats",
            id,
            writer =>
            {
                writer.WriteStartObject("cpu");
                writer.WriteStartObject("usage");
                writer.WriteNumber("total", counters.CpuTotalNanoseconds);
                writer.WriteStartArray("percpu");
                foreach (ulong each in counters.CpuOfEachNanoseconds)
                    writer.WriteNumberValue(each);
                writer.WriteEndArray();
                writer.WriteNumber("kernel", counters.CpuKernelNanoseconds);
                writer.WriteNumber("user", counters.CpuUserNanoseconds);
                writer.WriteEndObject();
                writer.WriteStartObject("throttling");
                writer.WriteNumber("periods", counters.CpuPeriods);
                writer.WriteNumber("throttledPeriods", counters.CpuThrottledPeriods);
                writer.WriteNumber("throttledTime", counters.CpuThrottledNanoseconds);
                writer.WriteEndObject();
                writer.WriteEndObject();
                writer.WriteStartObject("memory");
                writer.WriteStartObject("usage");
                writer.WriteNumber("limit", counters.MemoryLimitBytes);
                writer.WriteNumber("usage", counters.MemoryBytes);
                writer.WriteNumber("max", counters.MemoryMaxBytes);
                writer.WriteNumber("failcnt", counters.MemoryFailures);
                writer.WriteEndObject();
                writer.WriteStartObject("raw");
                foreach ((string name, ulong value) in counters.Memory)
                    writer.WriteNumber(name, value);
                writer.WriteEndObject();
                writer.WriteEndObject();
                writer.WriteStartObject("pids");
                writer.WriteNumber("current", counters.Processes);
                if (counters.ProcessLimit != ulong.MaxValue)
                    writer.WriteNumber("limit", counters.ProcessLimit);
                writer.WriteEndObject();
                writer.WriteStartObject("blkio");
                Block(writer, "ioServiceBytesRecursive", counters.BlockBytes);
                Block(writer, "ioServicedRecursive", counters.BlockOperations);
                writer.WriteEndObject();
            }
        );

    static void Block(Utf8JsonWriter writer, string name, IReadOnlyList<BlockCounter> counters)
    {
        writer.WriteStartArray(name);
        foreach (BlockCounter counter in counters)
        {
            writer.WriteStartObject();
            writer.WriteNumber("major", counter.Major);
            writer.WriteNumber("minor", counter.Minor);
            writer.WriteString("op", counter.Operation);
            writer.WriteNumber("value", counter.Value);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    static byte[] Line(string type, string id, Action<Utf8JsonWriter>? data)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteString("id", id);
            if (data is not null)
            {
                writer.WriteStartObject("data");
                data(writer);
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }
}
