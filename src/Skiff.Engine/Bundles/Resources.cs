// Limits and device rules of a container, as the runtime-spec writes them.
using System.Globalization;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

internal static class Resources
{
    const long DefaultPeriodMicroseconds = 100_000;

    internal static LinuxResources Of(BundleRequest request)
    {
        var host = request.Host;
        return new LinuxResources
        {
            Devices = host.Privileged ? [new LinuxDeviceRule { Allow = true, Access = "rwm" }] : DeviceRules(request),
            Memory = Memory(host),
            Cpu = Cpu(host),
            BlockIO = request.BlockIO,
            Pids = host.PidsLimit > 0 ? new LinuxPids { Limit = host.PidsLimit } : null,
        };
    }

    /// <summary>The limits alone, for a cgroup that has had others: also that there is none any more.</summary>
    internal static LinuxResources Limits(HostSettings host) =>
        new()
        {
            Memory = Memory(host),
            Cpu = Cpu(host),
            BlockIO = host.BlkioWeight > 0 ? new LinuxBlockIO { Weight = (ushort)host.BlkioWeight } : null,
            Pids = host.PidsLimit != 0 ? new LinuxPids { Limit = host.PidsLimit } : null,
        };

    static LinuxMemory? Memory(HostSettings host)
    {
        if (
            host is
            { MemoryBytes: 0, MemoryReservationBytes: 0, MemorySwapBytes: 0, MemorySwappiness: null, OomKillDisable: false }
        )
            return null;
        return new LinuxMemory
        {
            Limit = Positive(host.MemoryBytes),
            Reservation = Positive(host.MemoryReservationBytes),
            // Docker: without --memory-swap a container may use as much swap again as it has memory.
            Swap = host.MemorySwapBytes switch
            {
                > 0 => host.MemorySwapBytes,
                < 0 => -1,
                _ => host.MemoryBytes > 0 ? host.MemoryBytes * 2 : null,
            },
            Swappiness = (ulong?)host.MemorySwappiness,
            DisableOOMKiller = host.OomKillDisable ? true : null,
        };
    }

    static LinuxCpu? Cpu(HostSettings host)
    {
        long quota = host.CpuQuotaMicroseconds;
        long period = host.CpuPeriodMicroseconds;
        if (host.NanoCpus > 0)
        {
            period = DefaultPeriodMicroseconds;
            quota = host.NanoCpus * DefaultPeriodMicroseconds / 1_000_000_000;
        }
        bool realtime = host.CpuRealtimePeriodMicroseconds != 0 || host.CpuRealtimeRuntimeMicroseconds != 0;
        bool set = host.CpusetCpus.Length > 0 || host.CpusetMems.Length > 0;
        if (quota == 0 && period == 0 && host.CpuShares == 0 && !realtime && !set)
            return null;
        return new LinuxCpu
        {
            Shares = host.CpuShares > 0 ? (ulong)host.CpuShares : null,
            Quota = quota != 0 ? quota : null,
            Period = period > 0 ? (ulong)period : null,
            RealtimePeriod = host.CpuRealtimePeriodMicroseconds > 0 ? (ulong)host.CpuRealtimePeriodMicroseconds : null,
            RealtimeRuntime = host.CpuRealtimeRuntimeMicroseconds > 0 ? host.CpuRealtimeRuntimeMicroseconds : null,
            Cpus = host.CpusetCpus.Length > 0 ? host.CpusetCpus : null,
            Mems = host.CpusetMems.Length > 0 ? host.CpusetMems : null,
        };
    }

    static List<LinuxDeviceRule> DeviceRules(BundleRequest request)
    {
        List<LinuxDeviceRule> rules = [.. DefaultSpec.DeviceRules];
        foreach (var device in request.Devices)
        {
            // The device itself, or one of a directory of devices.
            string access =
                request
                    .Host.Devices.FirstOrDefault(d =>
                        d.PathInContainer == device.Path
                        || device.Path.StartsWith(d.PathInContainer + "/", StringComparison.Ordinal)
                    )
                    ?.Access
                ?? "rwm";
            rules.Add(DefaultSpec.Allow(device.Type, device.Major, device.Minor, access));
        }
        foreach (string rule in request.Host.DeviceCgroupRules)
            rules.Add(ParseRule(rule));
        return rules;
    }

    /// <summary>"c 1:3 rwm", "b *:* r", "a *:* rwm".</summary>
    static LinuxDeviceRule ParseRule(string rule)
    {
        string[] parts = rule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (
            parts is not [("a" or "b" or "c") and var type, var numbers, var access]
            || numbers.Split(':') is not [var major, var minor]
            || access.AsSpan().ContainsAnyExcept("rwm")
        )
            throw EngineException.Invalid($"invalid device cgroup rule format: '{rule}'");
        return DefaultSpec.Allow(type, Number(major), Number(minor), access);

        long? Number(string text) =>
            text == "*" ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n
            : throw EngineException.Invalid($"invalid device cgroup rule format: '{rule}'");
    }

    static long? Positive(long value) => value > 0 ? value : null;
}
