// Runs health checks while their containers run.
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Skiff.Linux.Processes;
using Skiff.Oci.Runtime;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

/// <summary>One loop a container that has a check; nothing for the others.</summary>
internal sealed class HealthMonitor(ContainerStore store, BundleBuilder bundles, ContainerEvents events, EngineTasks background)
{
    const int OutputKeptBytes = 4096;

    /// <summary>What to do with a container that has become unhealthy: restart, stop or kill.</summary>
    internal const string ActionLabel = "skiff.on-unhealthy";

    /// <summary>Called after a container became unhealthy that carries the label, with the label's value.</summary>
    internal Func<LiveContainer, string, Task>? Act { get; set; }

    /// <summary>Checks from now on until this run of the container ends.</summary>
    internal void Begin(LiveContainer live)
    {
        var container = live.Record;
        if (HealthCheck.Of(container.Config.Healthcheck, container.Config.Shell) is not { } check || live.Task is not { } task)
            return;
        background.Run(() => RunAsync(live, task, check, live.NextExit));
    }

    async Task RunAsync(LiveContainer live, TaskClient task, HealthCheck check, Task ended)
    {
        while (true)
        {
            var state = live.Record.State;
            var wait = check.Next(
                state.Health?.Status ?? HealthStatus.Starting,
                DateTimeOffset.UtcNow - (state.StartedAt ?? DateTimeOffset.UtcNow)
            );
            try
            {
                await ended.WaitAsync(wait);
                return;
            }
            catch (TimeoutException)
            {
                // It still runs.
            }
            if (live.Record.State.Status != ContainerStatus.Running)
                continue; // paused
            var probe = await ProbeAsync(live, task, check);
            if (!await RecordAsync(live, task, check, probe))
                return;
        }
    }

    /// <summary>False if this run of the container has ended.</summary>
    async Task<bool> RecordAsync(LiveContainer live, TaskClient task, HealthCheck check, HealthProbe probe)
    {
        HealthStatus before;
        Health after;
        using (await live.LockAsync(CancellationToken.None))
        {
            var container = live.Record;
            if (live.Task != task || !container.State.IsRunning)
                return false;
            before = container.State.Health?.Status ?? HealthStatus.Starting;
            after = (container.State.Health ?? new Health()).With(probe, check, container.State.StartedAt ?? probe.Start);
            var record = container with { State = container.State with { Health = after } };
            if (after.Status == before)
                live.Record = record; // seen at once, on disk with the next change that matters
            else
                store.Save(live, record);
        }
        if (after.Status == before)
            return true;
        events.Publish(live.Record, $"health_status: {after.Status.ToString().ToLowerInvariant()}");
        if (after.Status == HealthStatus.Unhealthy && live.Record.Config.Labels.TryGetValue(ActionLabel, out string? action))
            background.Run(() => Act?.Invoke(live, action) ?? Task.CompletedTask);
        return true;
    }

    async Task<HealthProbe> ProbeAsync(LiveContainer live, TaskClient task, HealthCheck check)
    {
        var start = DateTimeOffset.UtcNow;
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        try
        {
            var process = bundles.ExecProcess(live, new ExecRequest { Cmd = check.Command });
            using var socket = await task.AttachAsync(
                new Skiff.Tasks.AttachRequest(id, Stdin: false, Stdout: true, Stderr: true),
                CancellationToken.None
            );
            string json = JsonSerializer.Serialize(process, RuntimeJson.Default.SpecProcess);
            await task.AskAsync<StartedAnswer>(new Skiff.Tasks.ExecRequest(id, json, OpenStdin: false), CancellationToken.None);
            var output = new StringBuilder();
            var exit = FinishAsync(task, id, socket, output);
            if (await Task.WhenAny(exit, Task.Delay(check.Timeout)) != exit)
            {
                await task.AskAsync<DoneAnswer>(new KillRequest(id, Signals.SIGKILL, All: false), CancellationToken.None);
                await exit;
                return new HealthProbe(
                    start,
                    DateTimeOffset.UtcNow,
                    -1,
                    $"Health check exceeded timeout ({(check.Timeout.TotalSeconds < 1 ? $"{check.Timeout.TotalMilliseconds}ms" : $"{check.Timeout.TotalSeconds}s")})"
                );
            }
            return new HealthProbe(start, DateTimeOffset.UtcNow, await exit, output.ToString());
        }
        catch (Exception e) when (e is TaskException or IOException or SocketException or EngineException or TimeoutException)
        {
            return new HealthProbe(start, DateTimeOffset.UtcNow, -1, e.Message);
        }
    }

    /// <summary>Reads the output to its end, keeps its beginning, and waits for the exit code.</summary>
    static async Task<int> FinishAsync(TaskClient task, string id, Socket socket, StringBuilder output)
    {
        using var stream = new NetworkStream(socket);
        byte[] header = new byte[8];
        byte[] kept = new byte[OutputKeptBytes];
        int length = 0;
        byte[] part = new byte[16 << 10];
        while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false) == header.Length)
        {
            for (int left = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)); left > 0; )
            {
                int count = await stream.ReadAsync(part.AsMemory(0, Math.Min(left, part.Length)));
                if (count == 0)
                    break;
                left -= count;
                int keep = Math.Min(count, kept.Length - length);
                part.AsSpan(0, keep).CopyTo(kept.AsSpan(length));
                length += keep;
            }
        }
        output.Append(Encoding.UTF8.GetString(kept, 0, length));
        return (await task.AskAsync<ExitAnswer>(new WaitRequest(id), CancellationToken.None)).Code;
    }
}
