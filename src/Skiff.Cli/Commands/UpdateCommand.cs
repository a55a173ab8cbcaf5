// skiff update: other limits and another restart policy for containers.
using Skiff.Cli.Options;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class UpdateCommand : EachCommand
{
    readonly IntegerFlag blkioWeight;
    readonly IntegerFlag cpuPeriod;
    readonly IntegerFlag cpuQuota;
    readonly IntegerFlag cpuRtPeriod;
    readonly IntegerFlag cpuRtRuntime;
    readonly IntegerFlag cpuShares;
    readonly ValueFlag<long> cpus;
    readonly StringFlag cpusetCpus;
    readonly StringFlag cpusetMems;
    readonly ValueFlag<long> memory;
    readonly ValueFlag<long> memoryReservation;
    readonly ValueFlag<long> memorySwap;
    readonly IntegerFlag pidsLimit;
    readonly StringFlag restart;

    public UpdateCommand()
    {
        blkioWeight = Flags.Integer("blkio-weight", "Relative share of block I/O, 10 to 1000");
        cpuPeriod = Flags.Integer("cpu-period", "Period of the CPU quota, in microseconds");
        cpuQuota = Flags.Integer("cpu-quota", "CPU time per period, in microseconds");
        cpuRtPeriod = Flags.Integer("cpu-rt-period", "Period of real-time CPU, in microseconds");
        cpuRtRuntime = Flags.Integer("cpu-rt-runtime", "Real-time CPU per period, in microseconds");
        cpuShares = Flags.Integer("cpu-shares", "Relative share of CPU time", 'c');
        cpus = Value("cpus", "Number of CPUs, such as 1.5", "decimal", Values.NanoCpus);
        cpusetCpus = Flags.String("cpuset-cpus", "CPUs to run on (0-3, or 0,1)");
        cpusetMems = Flags.String("cpuset-mems", "Memory nodes to use (0-3, or 0,1)");
        memory = Value("memory", "Limit of memory (512m, 2g)", "bytes", text => Values.Bytes(text), 'm');
        memoryReservation = Value(
            "memory-reservation",
            "Memory kept when the host is short of it",
            "bytes",
            text => Values.Bytes(text)
        );
        memorySwap = Value(
            "memory-swap",
            "Limit of memory and swap together; -1 is unlimited swap",
            "bytes",
            text => Values.Bytes(text, allowUnlimited: true)
        );
        pidsLimit = Flags.Integer("pids-limit", "Limit of processes; -1 is unlimited");
        restart = Flags.String("restart", "When to start again: no, on-failure[:n], always, unless-stopped");
    }

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Change limits and the restart policy of containers";
    public override IReadOnlyList<string> Examples =>
        ["update -m 1g --memory-swap 2g web", "update --restart unless-stopped web db"];

    public override int Run(CliContext context, IReadOnlyList<string> arguments) =>
        Flags.All.Any(f => f.IsSet)
            ? base.Run(context, arguments)
            : throw new CliException("you must provide one or more flags when using this command");

    protected override string? Do(CliContext context, string name)
    {
        var body = new ContainerUpdateBody
        {
            BlkioWeight = checked((ushort)blkioWeight.Value),
            CpuPeriod = cpuPeriod.Value,
            CpuQuota = cpuQuota.Value,
            CpuRealtimePeriod = cpuRtPeriod.Value,
            CpuRealtimeRuntime = cpuRtRuntime.Value,
            CpuShares = cpuShares.Value,
            NanoCpus = cpus.Value,
            CpusetCpus = cpusetCpus.Value,
            CpusetMems = cpusetMems.Value,
            Memory = memory.Value,
            MemoryReservation = memoryReservation.Value,
            MemorySwap = memorySwap.Value,
            PidsLimit = pidsLimit.IsSet ? pidsLimit.Value : null,
            RestartPolicy = restart.IsSet ? RestartOption.Parse(restart.Value) : null,
        };
        var answer = context.Engine.Post(
            new Query(Container(name) + "/update"),
            EngineClient.Json(body, DockerJson.Wire.ContainerUpdateBody),
            DockerJson.Wire.ContainerUpdateAnswer
        );
        foreach (string warning in answer.Warnings ?? [])
            CliContext.Warn(warning);
        return name;
    }

    ValueFlag<long> Value(string name, string help, string kind, Func<string, long> parse, char letter = '\0') =>
        Flags.Add(new ValueFlag<long>(name, letter, kind, help, parse));
}
