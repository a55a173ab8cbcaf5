// What runs: the part of a container that travels with an image.
using Skiff.Oci.Images;

namespace Skiff.Engine.Bundles;

/// <summary>What runs: the part of a container that travels with an image.</summary>
public sealed record ContainerConfig
{
    /// <summary>Empty: the first 12 digits of the id.</summary>
    public string Hostname { get; init; } = "";
    public string Domainname { get; init; } = "";
    public string User { get; init; } = "";
    public bool AttachStdin { get; init; }
    public bool AttachStdout { get; init; }
    public bool AttachStderr { get; init; }
    public bool Tty { get; init; }
    public bool OpenStdin { get; init; }
    public bool StdinOnce { get; init; }
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>null: not set, which differs from empty.</summary>
    public IReadOnlyList<string>? Cmd { get; init; }
    public IReadOnlyList<string>? Entrypoint { get; init; }
    public string WorkingDir { get; init; } = "";
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>"80/tcp".</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>Mount points for anonymous volumes.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];
    public string? StopSignal { get; init; }
    public int? StopTimeoutSeconds { get; init; }
    public ImageHealthcheck? Healthcheck { get; init; }
    public IReadOnlyList<string>? Shell { get; init; }
    public IReadOnlyList<string>? OnBuild { get; init; }
}
