// Facts about this machine that `info` and `version` show.
namespace Skiff.Engine.Host;

public sealed record HostInfo
{
    public required string Hostname { get; init; }
    public required string KernelVersion { get; init; }

    /// <summary>PRETTY_NAME of os-release.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>VERSION_ID of os-release.</summary>
    public required string OSVersion { get; init; }

    /// <summary>uname -m: "x86_64".</summary>
    public required string Machine { get; init; }
    public int Processors { get; init; }
    public long MemoryBytes { get; init; }

    /// <summary>1 or 2.</summary>
    public int CgroupVersion { get; init; }
    public bool MemoryLimit { get; init; }
    public bool SwapLimit { get; init; }
    public bool PidsLimit { get; init; }
    public bool CpuQuota { get; init; }
    public bool CpuShares { get; init; }
    public bool Cpuset { get; init; }
    public bool Ipv4Forwarding { get; init; }
    public bool Seccomp { get; init; }
    public bool AppArmor { get; init; }

    public static HostInfo Read() => throw new NotSupportedException("filled in by this slice");
}
