// What of a container's settings makes no sense, said when it is created.
namespace Skiff.Engine.Bundles;

public static class HostSettingsValidator
{
    const long MinimumMemoryBytes = 6 << 20;

    /// <summary>Warnings for the user.</summary>
    /// <exception cref="EngineException">InvalidParameter, in Docker's words</exception>
    public static IReadOnlyList<string> Validate(HostSettings host)
    {
        Memory(host);
        Cpu(host);
        if (host.OomScoreAdj is < -1000 or > 1000)
            throw EngineException.Invalid(
                $"Invalid value {host.OomScoreAdj}, range for oom score adj is [-1000, 1000]"
            );
        if (host.ShmSizeBytes < 0)
            throw EngineException.Invalid("SHM size can not be less than 0");
        foreach (var limit in host.Ulimits)
            if (Skiff.Linux.Processes.Rlimits.TryParse("RLIMIT_" + limit.Name.ToUpperInvariant()) is null)
                throw EngineException.Invalid($"invalid ulimit type: {limit.Name}");
            else if (limit.Hard >= 0 && (limit.Soft < 0 || limit.Soft > limit.Hard))
                throw EngineException.Invalid(
                    $"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}"
                );
        Mode("--ipc", host.IpcMode, "", "private", "host", "shareable", "none");
        Mode("--pid", host.PidMode, "", "private", "host");
        Mode("--uts", host.UtsMode, "", "host");
        Mode("--cgroupns", host.CgroupnsMode, "", "private", "host");
        if (host.LogDriver is not ("" or "json-file" or "none"))
            throw EngineException.NotImplemented(
                $"--log-driver {host.LogDriver} is not supported by this release of Skiff: json-file and none are"
            );
        foreach (string option in host.LogOptions.Keys)
            if (option is not ("max-size" or "max-file"))
                throw EngineException.Invalid($"unknown log opt '{option}' for json-file log driver");
        return host.OomKillDisable && host.MemoryBytes == 0
            ? ["OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources."]
            : [];
    }

    static void Memory(HostSettings host)
    {
        if (host.MemoryBytes is not 0 and < MinimumMemoryBytes)
            throw EngineException.Invalid("Minimum memory limit allowed is 6MB");
        if (host.MemorySwapBytes > 0 && host.MemoryBytes == 0)
            throw EngineException.Invalid("You should always set the Memory limit when using Memoryswap limit, see usage");
        if (host.MemorySwapBytes > 0 && host.MemorySwapBytes < host.MemoryBytes)
            throw EngineException.Invalid(
                "Minimum memoryswap limit should be larger than memory limit, see usage"
            );
        if (host.MemoryReservationBytes is not 0 and < MinimumMemoryBytes)
            throw EngineException.Invalid("Minimum memory reservation allowed is 6MB");
        if (host.MemoryBytes > 0 && host.MemoryReservationBytes > host.MemoryBytes)
            throw EngineException.Invalid("Minimum memory limit can not be less than memory reservation limit, see usage");
    }

    static void Cpu(HostSettings host)
    {
        int processors = Environment.ProcessorCount;
        if (host.NanoCpus < 0 || host.NanoCpus > processors * 1_000_000_000L)
            throw EngineException.Invalid(
                $"range of CPUs is from 0.01 to {processors}.00, as there are only {processors} CPUs available"
            );
        if (host.NanoCpus > 0 && (host.CpuPeriodMicroseconds > 0 || host.CpuQuotaMicroseconds > 0))
            throw EngineException.Invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set");
        if (host.CpuPeriodMicroseconds is not 0 and (< 1000 or > 1_000_000))
            throw EngineException.Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
        if (host.CpuQuotaMicroseconds is > 0 and < 1000)
            throw EngineException.Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)");
        if (host.CpuShares < 0)
            throw EngineException.Invalid($"invalid CPU shares ({host.CpuShares}): value must be a positive integer");
        CpuSet("cpuset cpus", host.CpusetCpus, processors);
        CpuSet("cpuset mems", host.CpusetMems, int.MaxValue);
    }

    /// <summary>cpuset(7), List format: "0-3,5".</summary>
    static void CpuSet(string what, string list, int available)
    {
        foreach (string range in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2 || ends.Any(e => !int.TryParse(e, out _)) || (ends.Length == 2 && int.Parse(ends[0], null) > int.Parse(ends[1], null)))
                throw EngineException.Invalid($"Invalid value {list} for {what}");
            if (int.Parse(ends[^1], null) >= available)
                throw EngineException.Invalid(
                    $"Requested CPUs are not available - requested {list}, available: 0-{available - 1}"
                );
        }
    }

    static void Mode(string flag, string value, params string[] allowed)
    {
        if (allowed.Contains(value))
            return;
        throw value.StartsWith("container:", StringComparison.Ordinal)
            ? EngineException.NotImplemented($"{flag} {value} is not supported yet by this release of Skiff")
            : EngineException.Invalid($"{flag}: invalid mode: {value}");
    }
}
