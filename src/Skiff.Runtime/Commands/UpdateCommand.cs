// skiff-runtime update: other limits for a container that lives.
using System.Globalization;
using System.Text.Json;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>update [--resources FILE|-] [flags] ID. A limit of 0 is one that is not given; bytes may end in k, m or g.</summary>
internal static class UpdateCommand
{
    static readonly string[] Flags =
    [
        "resources|r",
        "blkio-weight",
        "cpu-period",
        "cpu-quota",
        "cpu-share",
        "cpu-rt-period",
        "cpu-rt-runtime",
        "cpu-idle",
        "cpuset-cpus",
        "cpuset-mems",
        "memory",
        "memory-reservation",
        "memory-swap",
        "pids-limit",
        "cpu-burst",
        "kernel-memory",
        "kernel-memory-tcp",
        "l3-cache-schema",
        "mem-bw-schema",
    ];

    static readonly string[] Unsupported = ["l3-cache-schema", "mem-bw-schema"];

    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        var arguments = Arguments.Parse("update", given, Flags, []);
        foreach (string flag in Unsupported)
        {
            if (arguments.Value(flag) is not null)
                throw new UsageException($"not supported by this runtime: --{flag}");
        }
        string id = arguments.OnlyId();
        using FileLock held = store.Lock(id);
        using LiveState state = LiveState.Load(store, id);
        if (state.Status is ContainerStatus.Stopped or ContainerStatus.Creating)
            throw new LaunchException(FailureKind.WrongState, "container not running");
        state.Container.Update(arguments.Value("resources") is { } file ? Read(file) : Of(arguments));
        return 0;
    }

    static LinuxResources Read(string file)
    {
        try
        {
            // As a kernel file, because standard input may be a pipe: read to its end, whatever its length is said to be.
            return SpecReader.ReadResources(KernelFile.ReadBytes(file == "-" ? "/proc/self/fd/0" : file));
        }
        catch (JsonException e)
        {
            throw new LaunchException(FailureKind.Other, $"cannot read {file}: {e.Message}", e);
        }
    }

    static LinuxResources Of(Arguments arguments) =>
        new()
        {
            Memory = new LinuxMemory
            {
                Limit = Bytes(arguments, "memory"),
                Reservation = Bytes(arguments, "memory-reservation"),
                Swap = Bytes(arguments, "memory-swap"),
                Kernel = Bytes(arguments, "kernel-memory"),
                KernelTcp = Bytes(arguments, "kernel-memory-tcp"),
            },
            Cpu = new LinuxCpu
            {
                Shares = (ulong?)Number(arguments, "cpu-share"),
                Quota = Number(arguments, "cpu-quota"),
                Period = (ulong?)Number(arguments, "cpu-period"),
                Burst = (ulong?)Number(arguments, "cpu-burst"),
                RealtimeRuntime = Number(arguments, "cpu-rt-runtime"),
                RealtimePeriod = (ulong?)Number(arguments, "cpu-rt-period"),
                Idle = Number(arguments, "cpu-idle"),
                Cpus = arguments.Value("cpuset-cpus"),
                Mems = arguments.Value("cpuset-mems"),
            },
            Pids = Number(arguments, "pids-limit") is long limit ? new LinuxPids { Limit = limit } : null,
            BlockIO = Number(arguments, "blkio-weight") is long weight
                ? new LinuxBlockIO { Weight = checked((ushort)weight) }
                : null,
        };

    static long? Number(Arguments arguments, string flag) =>
        arguments.Value(flag) is not string text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
        : throw new UsageException($"update: invalid value {text} for --{flag}");

    static long? Bytes(Arguments arguments, string flag)
    {
        if (arguments.Value(flag) is not string text)
            return null;
        string digits = text.TrimEnd('b', 'B');
        int shift =
            digits.Length == 0
                ? 0
                : char.ToLowerInvariant(digits[^1]) switch
                {
                    'k' => 10,
                    'm' => 20,
                    'g' => 30,
                    't' => 40,
                    _ => 0,
                };
        if (shift > 0)
            digits = digits[..^1];
        return
            long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && Math.Abs(number) <= long.MaxValue >> shift
            ? number << shift
            : throw new UsageException($"update: invalid value {text} for --{flag}");
    }
}
