// A user's own profile, in Docker's format: --security-opt seccomp=FILE and the engine's --seccomp-profile.
using System.Text.Json;
using System.Text.Json.Serialization;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

public static partial class SeccompProfile
{
    /// <summary>Reads a profile and keeps the rules that hold for these capabilities, this architecture and kernel.</summary>
    /// <exception cref="EngineException">InvalidParameter: malformed</exception>
    public static LinuxSeccomp Parse(string json, IReadOnlySet<string> capabilities, string architecture, Version kernel)
    {
        DockerSeccomp profile;
        try
        {
            profile =
                JsonSerializer.Deserialize(json, SeccompJson.Default.DockerSeccomp)
                ?? throw EngineException.Invalid("decoding seccomp profile failed: it is empty");
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"decoding seccomp profile failed: {e.Message}");
        }
        if (string.IsNullOrEmpty(profile.DefaultAction))
            throw EngineException.Invalid("decoding seccomp profile failed: defaultAction is missing");
        string native = architecture == "amd64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64";
        return new LinuxSeccomp
        {
            DefaultAction = profile.DefaultAction,
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
                        Action = s.Action ?? "",
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
            if (filter.Caps is { Count: > 0 } caps && (wanted ? !caps.All(capabilities.Contains) : caps.Any(capabilities.Contains)))
                return false;
            return filter.MinKernel is not { Length: > 0 } minimum
                || !Version.TryParse(minimum, out var least)
                || kernel >= least == wanted;
        }
    }
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
