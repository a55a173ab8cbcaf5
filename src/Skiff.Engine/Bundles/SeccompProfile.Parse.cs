// A user's own profile, in Docker's format: --security-opt seccomp=FILE and the engine's --seccomp-profile.
using System.Text.Json;
using System.Text.Json.Serialization;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

public static partial class SeccompProfile
{
    static readonly string[] Actions =
    [
        "SCMP_ACT_KILL",
        "SCMP_ACT_KILL_PROCESS",
        "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_TRAP",
        "SCMP_ACT_ERRNO",
        "SCMP_ACT_TRACE",
        "SCMP_ACT_LOG",
        "SCMP_ACT_ALLOW",
    ];

    static readonly string[] Operators =
    [
        "SCMP_CMP_NE",
        "SCMP_CMP_LT",
        "SCMP_CMP_LE",
        "SCMP_CMP_EQ",
        "SCMP_CMP_GE",
        "SCMP_CMP_GT",
        "SCMP_CMP_MASKED_EQ",
    ];

    /// <summary>Reads a profile and keeps the rules that hold for these capabilities, this architecture and kernel.</summary>
    /// <exception cref="EngineException">InvalidParameter: malformed; NotImplemented: SCMP_ACT_NOTIFY</exception>
    public static LinuxSeccomp Parse(string json, IReadOnlySet<string> capabilities, string architecture, Version kernel)
    {
        DockerSeccomp profile;
        try
        {
            profile = JsonSerializer.Deserialize(json, SeccompJson.Default.DockerSeccomp) ?? throw Malformed("it is empty");
        }
        catch (JsonException e)
        {
            throw Malformed(e.Message);
        }
        Check(profile);
        string native = architecture == "amd64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64";
        return new LinuxSeccomp
        {
            DefaultAction = profile.DefaultAction!,
            DefaultErrnoRet = profile.DefaultErrnoRet,
            Flags = profile.Flags,
            Architectures = profile.ArchMap?.FirstOrDefault(m => m.Architecture == native) is { } map
                ? [native, .. map.SubArchitectures ?? []]
                : profile.Architectures,
            Syscalls =
            [
                .. (profile.Syscalls ?? [])
                    .Where(s => Holds(s.Includes, true) && Holds(s.Excludes, false))
                    .Select(s => new LinuxSyscall
                    {
                        Names = s.Names ?? (s.Name is { } one ? [one] : []),
                        Action = s.Action!,
                        ErrnoRet = s.ErrnoRet,
                        Args = s.Args is { Count: > 0 } ? s.Args : null,
                    }),
            ],
        };

        // All conditions of "includes" must hold, none of "excludes" may.
        bool Holds(DockerSeccompFilter? filter, bool wanted)
        {
            if (filter is null)
                return true;
            if (filter.Arches is { Count: > 0 } arches && arches.Contains(architecture) != wanted)
                return false;
            if (
                filter.Caps is { Count: > 0 } caps
                && (wanted ? !caps.All(capabilities.Contains) : caps.Any(capabilities.Contains))
            )
                return false;
            return filter.MinKernel is not { Length: > 0 } minimum
                || !Version.TryParse(minimum, out var least)
                || kernel >= least == wanted;
        }
    }

    /// <summary>What the runtime would stumble over is said now, when the container is created.</summary>
    static void Check(DockerSeccomp profile)
    {
        CheckAction(profile.DefaultAction, "defaultAction");
        foreach (var rule in profile.Syscalls ?? [])
        {
            CheckAction(rule.Action, $"action of {string.Join(", ", rule.Names ?? [rule.Name ?? ""])}");
            if (rule is { Names: { Count: > 0 }, Name.Length: > 0 })
                throw Malformed("'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'");
            foreach (var condition in rule.Args ?? [])
                if (condition.Index > 5 || !Operators.Contains(condition.Op))
                    throw Malformed($"argument {condition.Index} {condition.Op} makes no sense");
        }
        if (profile is { Architectures.Count: > 0, ArchMap.Count: > 0 })
            throw Malformed("both 'architectures' and 'archMap' are specified in the seccomp profile, use either of them");
    }

    static void CheckAction(string? action, string where)
    {
        if (action == "SCMP_ACT_NOTIFY")
            throw EngineException.NotImplemented("seccomp action SCMP_ACT_NOTIFY is not supported by this release of Skiff");
        if (!Actions.Contains(action))
            throw Malformed(string.IsNullOrEmpty(action) ? $"{where} is missing" : $"{where} is \"{action}\", which is unknown");
    }

    static EngineException Malformed(string message) => EngineException.Invalid($"decoding seccomp profile failed: {message}");
}

/// <summary>The file's shape.</summary>
internal sealed record DockerSeccomp
{
    public string? DefaultAction { get; init; }
    public uint? DefaultErrnoRet { get; init; }
    public IReadOnlyList<string>? Architectures { get; init; }
    public IReadOnlyList<DockerSeccompArchitecture>? ArchMap { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
    public IReadOnlyList<DockerSeccompRule>? Syscalls { get; init; }
}

internal sealed record DockerSeccompArchitecture(string Architecture, IReadOnlyList<string>? SubArchitectures);

internal sealed record DockerSeccompRule
{
    public string? Name { get; init; }
    public IReadOnlyList<string>? Names { get; init; }
    public string? Action { get; init; }
    public uint? ErrnoRet { get; init; }
    public IReadOnlyList<LinuxSeccompArg>? Args { get; init; }
    public DockerSeccompFilter? Includes { get; init; }
    public DockerSeccompFilter? Excludes { get; init; }
}

internal sealed record DockerSeccompFilter(IReadOnlyList<string>? Caps, IReadOnlyList<string>? Arches, string? MinKernel);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DockerSeccomp))]
internal sealed partial class SeccompJson : JsonSerializerContext;
