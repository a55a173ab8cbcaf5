// One frame of a container's counters as a line for people: percentages, and sizes in their units.
using System.Globalization;
using Skiff.Docker;

namespace Skiff.Cli.Output;

internal static class StatsRow
{
    public static readonly Listing Listing = new(
        new Dictionary<string, string>
        {
            ["Container"] = "CONTAINER",
            ["Name"] = "NAME",
            ["ID"] = "CONTAINER ID",
            ["CPUPerc"] = "CPU %",
            ["MemUsage"] = "MEM USAGE / LIMIT",
            ["MemPerc"] = "MEM %",
            ["NetIO"] = "NET I/O",
            ["BlockIO"] = "BLOCK I/O",
            ["PIDs"] = "PIDS",
        },
        ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
        "ID",
        "*container.statsContext"
    );

    /// <param name="container">as the user, or the list of containers, named it</param>
    /// <param name="frame">null: nothing is known (yet, or any more)</param>
    public static Row Of(string container, StatsBody? frame, bool noTrunc) =>
        frame is null
            ? new Row
            {
                ["Container"] = container,
                ["Name"] = "--",
                ["ID"] = "--",
                ["CPUPerc"] = "--",
                ["MemUsage"] = "-- / --",
                ["MemPerc"] = "--",
                ["NetIO"] = "--",
                ["BlockIO"] = "--",
                ["PIDs"] = "--",
            }
            : new Row
            {
                ["Container"] = container,
                ["Name"] = frame.Name is { Length: > 1 } name ? name[1..] : "--",
                ["ID"] = noTrunc ? frame.Id : Units.ShortId(frame.Id ?? ""),
                ["CPUPerc"] = Percent(Cpu(frame)),
                ["MemUsage"] = $"{Units.BinarySize(Memory(frame.Memory))} / {Units.BinarySize(frame.Memory.Limit)}",
                ["MemPerc"] = Percent(frame.Memory.Limit == 0 ? 0 : 100.0 * Memory(frame.Memory) / frame.Memory.Limit),
                ["NetIO"] = Pair(
                    Sum(frame.Networks?.Values.Select(n => n.ReceivedBytes)),
                    Sum(frame.Networks?.Values.Select(n => n.SentBytes))
                ),
                ["BlockIO"] = Pair(Blocks(frame, "read"), Blocks(frame, "write")),
                ["PIDs"] = frame.Pids.Current.ToString(CultureInfo.InvariantCulture),
            };

    /// <summary>Of one processor: two that are busy are 200.</summary>
    internal static double Cpu(StatsBody frame)
    {
        double own = (double)frame.Cpu.Usage.Total - frame.PreCpu.Usage.Total;
        double system = (double)frame.Cpu.System - frame.PreCpu.System;
        int processors = frame.Cpu.OnlineCpus > 0 ? frame.Cpu.OnlineCpus : frame.Cpu.Usage.OfEach?.Count ?? 0;
        return own > 0 && system > 0 ? own / system * processors * 100 : 0;
    }

    /// <summary>Without the page cache that the kernel would drop first. v1 counts it under the first name, v2 under the second.</summary>
    internal static ulong Memory(StatsMemory memory) =>
        memory.Stats is null ? memory.Usage
        : memory.Stats.TryGetValue("total_inactive_file", out ulong cache) && cache < memory.Usage ? memory.Usage - cache
        : memory.Stats.TryGetValue("inactive_file", out cache) && cache < memory.Usage ? memory.Usage - cache
        : memory.Usage;

    static ulong Blocks(StatsBody frame, string operation) =>
        Sum(
            frame.Blkio.Bytes?.Where(b => b.Operation.Equals(operation, StringComparison.OrdinalIgnoreCase)).Select(b => b.Value)
        );

    static ulong Sum(IEnumerable<ulong>? values) => (values ?? []).Aggregate(0UL, (sum, value) => sum + value);

    static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + "%";

    static string Pair(ulong a, ulong b) => $"{Units.Size(a)} / {Units.Size(b)}";
}
