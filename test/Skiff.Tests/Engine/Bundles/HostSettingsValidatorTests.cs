using Skiff.Engine;
using Skiff.Engine.Bundles;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class HostSettingsValidatorTests
{
    const long Mega = 1 << 20;

    // Messages as of docker 28.5, on a machine with the processors 0-3 and the memory node 0.
    public static TheoryData<HostSettings, string> Nonsense =>
        new()
        {
            {
                new() { MemoryBytes = 5 * Mega },
                "Minimum memory limit allowed is 6MB"
            },
            {
                new() { MemoryBytes = -1 },
                "Minimum memory limit allowed is 6MB"
            },
            {
                new() { MemoryBytes = 64 * Mega, MemorySwapBytes = 32 * Mega },
                "Minimum memoryswap limit should be larger than memory limit, see usage"
            },
            {
                new() { MemorySwapBytes = 32 * Mega },
                "You should always set the Memory limit when using Memoryswap limit, see usage"
            },
            {
                new() { MemoryReservationBytes = Mega },
                "Minimum memory reservation allowed is 6MB"
            },
            {
                new() { MemoryBytes = 10 * Mega, MemoryReservationBytes = 20 * Mega },
                "Minimum memory limit can not be less than memory reservation limit, see usage"
            },
            {
                new() { NanoCpus = 4_100_000_000 },
                "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"
            },
            {
                new() { NanoCpus = 1_000_000 },
                "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"
            },
            {
                new() { NanoCpus = -1 },
                "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"
            },
            {
                new() { NanoCpus = 1_000_000_000, CpuPeriodMicroseconds = 1000 },
                "Conflicting options: Nano CPUs and CPU Period cannot both be set"
            },
            {
                new() { NanoCpus = 1_000_000_000, CpuQuotaMicroseconds = 5000 },
                "Conflicting options: Nano CPUs and CPU Quota cannot both be set"
            },
            {
                new() { CpuPeriodMicroseconds = 10 },
                "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
            },
            {
                new() { CpuQuotaMicroseconds = 10 },
                "CPU cfs quota can not be less than 1ms (i.e. 1000)"
            },
            {
                new() { CpuShares = -1 },
                "invalid CPU shares (-1): value must be a positive integer"
            },
            {
                new() { CpusetCpus = "7" },
                "Requested CPUs are not available - requested 7, available: 0-3"
            },
            {
                new() { CpusetCpus = "0-2147483647" },
                "Requested CPUs are not available - requested 0-2147483647, available: 0-3"
            },
            {
                new() { CpusetCpus = "1-0" },
                "Invalid value 1-0 for cpuset cpus: invalid format: 1-0"
            },
            {
                new() { CpusetCpus = "0," },
                "Invalid value 0, for cpuset cpus: invalid format: 0,"
            },
            {
                new() { CpusetMems = "5" },
                "Requested memory nodes are not available - requested 5, available: 0"
            },
            {
                new() { CpusetMems = "x" },
                "Invalid value x for cpuset mems: invalid format: x"
            },
            {
                new() { OomScoreAdj = 2000 },
                "Invalid value 2000, range for oom score adj is [-1000, 1000]"
            },
            {
                new() { ShmSizeBytes = -1 },
                "SHM size can not be less than 0"
            },
            {
                new() { Ulimits = [new("foo", 1, 1)] },
                "invalid ulimit type: foo"
            },
            {
                new() { Ulimits = [new("nofile", 5, 2)] },
                "ulimit soft limit must be less than or equal to hard limit: 5 > 2"
            },
            {
                new() { Ulimits = [new("nofile", -1, 2)] },
                "ulimit soft limit must be less than or equal to hard limit: -1 > 2"
            },
            {
                new() { Devices = [new("/dev/null", "/dev/x", "q")] },
                "bad mode specified: q"
            },
            {
                new() { IpcMode = "foo" },
                "invalid IPC mode: foo"
            },
            {
                new() { PidMode = "foo" },
                "invalid PID mode: foo"
            },
            {
                new() { UtsMode = "foo" },
                "invalid UTS mode: foo"
            },
            {
                new() { CgroupnsMode = "foo" },
                "invalid cgroup namespace mode: foo"
            },
            {
                new() { Annotations = new Dictionary<string, string> { [""] = "1" } },
                "invalid Annotations: the empty string is not permitted as an annotation key"
            },
        };

    [Theory, MemberData(nameof(Nonsense), DisableDiscoveryEnumeration = true)]
    public void Nonsense_is_refused_in_dockers_words(HostSettings host, string message)
    {
        var e = Assert.Throws<EngineException>(() => HostSettingsValidator.Validate(host, BundleSamples.Facts));
        Assert.Equal((ErrorKind.InvalidParameter, message), (e.Kind, e.Message));
    }

    public static TheoryData<HostSettings> Sense =>
        [
            new HostSettings(),
            new HostSettings { MemoryBytes = 6 * Mega, MemorySwapBytes = -1 },
            new HostSettings
            {
                NanoCpus = 4_000_000_000,
                CpusetCpus = "0,2-3",
                CpusetMems = "0",
            },
            new HostSettings { CpuQuotaMicroseconds = -1, PidsLimit = -1 },
            new HostSettings { Ulimits = [new("nofile", -1, -1), new("NOFILE", 5, -1)] },
            new HostSettings
            {
                IpcMode = "shareable",
                PidMode = "host",
                UtsMode = "host",
                CgroupnsMode = "private",
            },
        ];

    [Theory, MemberData(nameof(Sense), DisableDiscoveryEnumeration = true)]
    public void Sense_is_accepted_without_a_warning(HostSettings host) =>
        Assert.Empty(HostSettingsValidator.Validate(host, BundleSamples.Facts));

    [Fact]
    public void What_is_not_there_yet_is_refused_by_the_name_of_its_flag()
    {
        var host = new HostSettings { UtsMode = "container:x" };
        var e = Assert.Throws<EngineException>(() => HostSettingsValidator.Validate(host, BundleSamples.Facts));

        Assert.Equal(ErrorKind.NotImplemented, e.Kind);
        Assert.StartsWith("--uts container:x", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_oom_killer_without_a_limit_is_worth_a_warning() =>
        Assert.Single(HostSettingsValidator.Validate(new HostSettings { OomKillDisable = true }, BundleSamples.Facts));
}
