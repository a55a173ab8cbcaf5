// What of a container's settings makes no sense, said when it is created.
using Skiff.Linux.Processes;

namespace Skiff.Engine.Bundles;

public static class HostSettingsValidator
{
    const long MinimumMemoryBytes = 6 << 20;
    const long MinimumNanoCpus = 10_000_000; // the kernel gives no less than 1 ms of a period of 100 ms

    /// <summary>Warnings for the user.</summary>
    /// <exception cref="EngineException">InvalidParameter, in Docker's words; NotImplemented naming the flag</exception>
    public static IReadOnlyList<string> Validate(HostSettings host, HostFacts facts)
    {
        Memory(host);
        Cpu(host, facts);
        if (host.OomScoreAdj is < -1000 or > 1000)
            throw EngineException.Invalid($"Invalid value {host.OomScoreAdj}, range for oom score adj is [-1000, 1000]");
        if (host.ShmSizeBytes < 0)
            throw EngineException.Invalid("SHM size can not be less than 0");
        if (host.Annotations.ContainsKey(""))
            throw EngineException.Invalid("invalid Annotations: the empty string is not permitted as an annotation key");
        foreach (var limit in host.Ulimits)
            CheckUlimit(limit);
        foreach (var device in host.Devices)
            if (device.Access.Length == 0 || device.Access.AsSpan().ContainsAnyExcept("rwm"))
                throw EngineException.Invalid($"bad mode specified: {device.Access}");
        if (ContainerMode.Target(host.IpcMode) is not { } target)
            Mode("--ipc", "IPC", host.IpcMode, "", "private", "host", "shareable", "none");
        else if (target.Length == 0)
            throw EngineException.Invalid("failed to join IPC namespace: invalid name or ID supplied: \"\"");
        if (!host.PidMode.StartsWith(ContainerMode.Prefix, StringComparison.Ordinal))
            Mode("--pid", "PID", host.PidMode, "", "private", "host");
        ContainerMode.CheckNetwork(host);
        BlockIO(host);
        Mode("--userns", "USER", host.UsernsMode, "", "host", "auto");
        Mode("--uts", "UTS", host.UtsMode, "", "host");
        Mode("--cgroupns", "cgroup namespace", host.CgroupnsMode, "", "private", "host");
        return [.. Warnings(host, facts)];
    }

    static IEnumerable<string> Warnings(HostSettings host, HostFacts facts)
    {
        if (host.OomKillDisable && host.MemoryBytes == 0)
            yield return "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.";
        if (!facts.SELinux)
            foreach (string option in host.SecurityOpt)
                if (option.StartsWith("label", StringComparison.Ordinal) && option is not ("label=disable" or "label:disable"))
                    yield return $"SELinux is not enabled on this machine. --security-opt {option} discarded.";
    }

    static void Memory(HostSettings host)
    {
        if (host.MemorySwappiness is < 0 or > 100)
            throw EngineException.Invalid($"invalid value: {host.MemorySwappiness}, valid memory swappiness range is 0-100");
        if (host.MemoryBytes is not 0 and < MinimumMemoryBytes)
            throw EngineException.Invalid("Minimum memory limit allowed is 6MB");
        if (host.MemorySwapBytes > 0 && host.MemoryBytes == 0)
            throw EngineException.Invalid("You should always set the Memory limit when using Memoryswap limit, see usage");
        if (host.MemorySwapBytes > 0 && host.MemorySwapBytes < host.MemoryBytes)
            throw EngineException.Invalid("Minimum memoryswap limit should be larger than memory limit, see usage");
        if (host.MemoryReservationBytes is not 0 and < MinimumMemoryBytes)
            throw EngineException.Invalid("Minimum memory reservation allowed is 6MB");
        if (host.MemoryBytes > 0 && host.MemoryReservationBytes > host.MemoryBytes)
            throw EngineException.Invalid("Minimum memory limit can not be less than memory reservation limit, see usage");
    }

    static void Cpu(HostSettings host, HostFacts facts)
    {
        long processors = facts.Cpus.Count;
        if (host.NanoCpus is not 0 and < MinimumNanoCpus || host.NanoCpus > processors * 1_000_000_000)
            throw EngineException.Invalid(
                $"range of CPUs is from 0.01 to {processors}.00, as there are only {processors} CPUs available"
            );
        if (host.NanoCpus > 0 && host.CpuPeriodMicroseconds > 0)
            throw EngineException.Invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set");
        if (host.NanoCpus > 0 && host.CpuQuotaMicroseconds > 0)
            throw EngineException.Invalid("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
        if (host.CpuPeriodMicroseconds is not 0 and (< 1000 or > 1_000_000))
            throw EngineException.Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
        if (host.CpuQuotaMicroseconds is > 0 and < 1000)
            throw EngineException.Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)");
        if (host.CpuRealtimePeriodMicroseconds < 0 || host.CpuRealtimeRuntimeMicroseconds < 0)
            throw EngineException.Invalid("CPU real-time period and runtime cannot be negative");
        if (host.CpuRealtimePeriodMicroseconds != 0 && host.CpuRealtimeRuntimeMicroseconds > host.CpuRealtimePeriodMicroseconds)
            throw EngineException.Invalid("cpu real-time runtime cannot be higher than cpu real-time period");
        if (host.CpuShares < 0)
            throw EngineException.Invalid($"invalid CPU shares ({host.CpuShares}): value must be a positive integer");
        CpuSet("cpuset cpus", "CPUs", host.CpusetCpus, facts.Cpus);
        CpuSet("cpuset mems", "memory nodes", host.CpusetMems, facts.MemoryNodes);
    }

    static void BlockIO(HostSettings host)
    {
        if (host.BlkioWeight is not 0 and (< 10 or > 1000))
            throw EngineException.Invalid("Range of blkio weight is from 10 to 1000");
        if (host.BlkioWeightDevices.FirstOrDefault(d => d.Weight is not 0 and (< 10 or > 1000)) is { } wrong)
            throw EngineException.Invalid($"Range of blkio weight is from 10 to 1000: {wrong.Path}:{wrong.Weight}");
    }

    static void CpuSet(string what, string things, string list, NumberRanges available)
    {
        if (list.Length == 0)
            return;
        var wanted =
            NumberRanges.TryParse(list)
            ?? throw EngineException.Invalid($"Invalid value {list} for {what}: invalid format: {list}");
        if (!available.Contains(wanted))
            throw EngineException.Invalid($"Requested {things} are not available - requested {list}, available: {available}");
    }

    static void CheckUlimit(Ulimit limit)
    {
        if (Rlimits.TryParse("RLIMIT_" + limit.Name.ToUpperInvariant()) is null)
            throw EngineException.Invalid($"invalid ulimit type: {limit.Name}");
        // -1 is unlimited, and so more than any number.
        if (limit.Hard >= 0 && (limit.Soft < 0 || limit.Soft > limit.Hard))
            throw EngineException.Invalid(
                $"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}"
            );
    }

    static void Mode(string flag, string what, string value, params ReadOnlySpan<string> allowed)
    {
        if (allowed.Contains(value))
            return;
        throw value.StartsWith("container:", StringComparison.Ordinal)
            ? EngineException.NotImplemented($"{flag} {value} is not supported yet by this release of Skiff")
            : EngineException.Invalid($"invalid {what} mode: {value}");
    }
}
