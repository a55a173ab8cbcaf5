// The runtime-spec's config.json, as types: the parts that hold on every system (config.md).
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skiff.Oci.Runtime;

/// <summary>config.json. runtime-spec: config.md.</summary>
public sealed record Spec
{
    public string OciVersion { get; init; } = "1.2.1";
    public SpecRoot? Root { get; init; }
    public SpecProcess? Process { get; init; }
    public string? Hostname { get; init; }
    public string? Domainname { get; init; }
    public IReadOnlyList<SpecMount>? Mounts { get; init; }
    public SpecHooks? Hooks { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public LinuxSpec? Linux { get; init; }
}

/// <summary>runtime-spec: config.md, Root.</summary>
public sealed record SpecRoot
{
    public required string Path { get; init; }
    public bool Readonly { get; init; }
}

/// <summary>
/// runtime-spec: config.md, Mounts. Skiff's own bundles have as first mount an overlay with the destination "/":
/// it is mounted over root.path inside the container's mount namespace, so nothing is ever mounted on the host.
/// </summary>
public sealed record SpecMount
{
    public required string Destination { get; init; }
    public string? Type { get; init; }
    public string? Source { get; init; }
    public IReadOnlyList<string>? Options { get; init; }
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }
    public IReadOnlyList<IdMapping>? GidMappings { get; init; }
}

/// <summary>runtime-spec: config.md, Process.</summary>
public sealed record SpecProcess
{
    public bool Terminal { get; init; }
    public ConsoleSize? ConsoleSize { get; init; }
    public SpecUser User { get; init; } = new();
    public IReadOnlyList<string>? Args { get; init; }
    public IReadOnlyList<string>? Env { get; init; }
    public string Cwd { get; init; } = "/";
    public LinuxCapabilities? Capabilities { get; init; }
    public IReadOnlyList<SpecRlimit>? Rlimits { get; init; }
    public bool NoNewPrivileges { get; init; }
    public string? ApparmorProfile { get; init; }
    public int? OomScoreAdj { get; init; }
    public string? SelinuxLabel { get; init; }
    public LinuxScheduler? Scheduler { get; init; }
    public LinuxIoPriority? IoPriority { get; init; }

    /// <summary>Of execs only, the first process not among them.</summary>
    [JsonPropertyName("execCPUAffinity")]
    public LinuxCpuAffinity? ExecCpuAffinity { get; init; }
}

/// <summary>Characters; runtime-spec: config.md, consoleSize.</summary>
public sealed record ConsoleSize
{
    public ushort Height { get; init; }
    public ushort Width { get; init; }
}

/// <summary>runtime-spec: config.md, User (POSIX).</summary>
public sealed record SpecUser
{
    public uint Uid { get; init; }
    public uint Gid { get; init; }
    public uint? Umask { get; init; }
    public IReadOnlyList<uint>? AdditionalGids { get; init; }
}

public sealed record SpecRlimit
{
    /// <summary>"RLIMIT_NOFILE" and its kin.</summary>
    public required string Type { get; init; }
    public ulong Soft { get; init; }
    public ulong Hard { get; init; }
}

/// <summary>runtime-spec: config.md, POSIX-platform Hooks.</summary>
public sealed record SpecHooks
{
    public IReadOnlyList<SpecHook>? Prestart { get; init; }
    public IReadOnlyList<SpecHook>? CreateRuntime { get; init; }
    public IReadOnlyList<SpecHook>? CreateContainer { get; init; }
    public IReadOnlyList<SpecHook>? StartContainer { get; init; }
    public IReadOnlyList<SpecHook>? Poststart { get; init; }
    public IReadOnlyList<SpecHook>? Poststop { get; init; }
}

public sealed record SpecHook
{
    public required string Path { get; init; }
    public IReadOnlyList<string>? Args { get; init; }
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Seconds.</summary>
    public int? Timeout { get; init; }
}
