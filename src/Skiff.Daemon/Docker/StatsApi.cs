// Engine API, GET /containers/{id}/stats: frames of counters, each beside those of the frame before.
using System.Text.Json;
using Skiff.Docker;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal sealed class StatsApi(Engine.Engine engine)
{
    internal IEnumerable<Route> Routes() => [new("GET", "containers/{id}/stats", StatsAsync)];

    async Task StatsAsync(ApiRequest request)
    {
        var container = engine.Containers.Get(request.Path("id"));
        bool stream = request.Flag("stream", otherwise: true);
        if (!stream && (request.Flag("one-shot") || !container.State.IsRunning))
        {
            var body = Body(container, engine.Stats.Once(container.Id), null);
            await request.AnswerAsync(body, DockerJson.Wire.StatsBody);
            return;
        }
        var response = request.Http.Response;
        response.ContentType = "application/json";
        ContainerSample? before = null;
        bool primed = stream;
        await foreach (var sample in engine.Stats.WatchAsync(container.Id, request.Gone))
        {
            // A single answer is the second sample, so that it has one to compare with.
            if (primed || sample is null)
            {
                var body = Body(engine.Containers.Get(container.Id), sample, before);
                await response.Body.WriteAsync(
                    JsonSerializer.SerializeToUtf8Bytes(body, DockerJson.Wire.StatsBody),
                    request.Gone
                );
                await response.Body.WriteAsync("\n"u8.ToArray(), request.Gone);
                await response.Body.FlushAsync(request.Gone);
                if (!stream)
                    return;
            }
            primed = true;
            before = sample;
        }
    }

    internal static StatsBody Body(Container container, ContainerSample? sample, ContainerSample? before)
    {
        var body = new StatsBody { Name = "/" + container.Name, Id = container.Id };
        if (sample is null)
            return body;
        // Lists that v1's kernels no longer fill, and v2 never had.
        IReadOnlyList<StatsBlkioEntry>? none = sample.IsCgroupV1 ? [] : null;
        return body with
        {
            Read = DockerTime.Format(sample.Time),
            PreRead = DockerTime.Format(before?.Time),
            Pids = new StatsPids { Current = sample.Processes, Limit = sample.ProcessLimit },
            Blkio = new StatsBlkio
            {
                Bytes = Blocks(sample.BlockBytes),
                Operations = Blocks(sample.BlockOperations),
                Queue = none,
                ServiceTime = none,
                WaitTime = none,
                Merged = none,
                Time = none,
                Sectors = none,
            },
            Cpu = Cpu(sample.Cpu),
            PreCpu = before is null ? new StatsCpu() : Cpu(before.Cpu),
            Memory = new StatsMemory
            {
                Usage = sample.Memory.Bytes,
                MaxUsage = sample.Memory.Max,
                Stats = sample.Memory.Details,
                Failures = sample.Memory.Failures,
                Limit = sample.Memory.Limit,
            },
            Networks = sample.Networks?.ToDictionary(n => n.Interface, Network),
        };
    }

    static StatsCpu Cpu(CpuUse cpu) =>
        new()
        {
            Usage = new StatsCpuUsage
            {
                Total = cpu.Total,
                OfEach = cpu.OfEach.Count > 0 ? cpu.OfEach : null,
                Kernel = cpu.Kernel,
                User = cpu.User,
            },
            System = cpu.System,
            OnlineCpus = cpu.OnlineCpus,
            Throttling = new StatsThrottling
            {
                Periods = cpu.Periods,
                ThrottledPeriods = cpu.ThrottledPeriods,
                ThrottledTime = cpu.ThrottledTime,
            },
        };

    static StatsNetwork Network(NetworkUse network) =>
        new()
        {
            ReceivedBytes = network.Received.Bytes,
            ReceivedPackets = network.Received.Packets,
            ReceiveErrors = network.Received.Errors,
            ReceiveDropped = network.Received.Dropped,
            SentBytes = network.Sent.Bytes,
            SentPackets = network.Sent.Packets,
            SendErrors = network.Sent.Errors,
            SendDropped = network.Sent.Dropped,
        };

    static List<StatsBlkioEntry> Blocks(IReadOnlyList<BlockUse> counters) =>
        [.. counters.Select(c => new StatsBlkioEntry(c.Major, c.Minor, c.Operation, c.Value))];
}
