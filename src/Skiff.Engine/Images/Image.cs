// An image as the store keeps it.
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>An image of this machine's platform whose every layer is unpacked. Its id is the digest of its config.</summary>
public sealed record Image
{
    public required Digest Id { get; init; }

    /// <summary>The manifest as it came; its bytes are in the content store.</summary>
    public required Descriptor Manifest { get; init; }

    /// <summary>Compressed layers, lowest first; same length as Config.RootFs.DiffIds.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }
    public required ImageConfig Config { get; init; }

    /// <summary>Bytes of the unpacked layers.</summary>
    public required long Size { get; init; }

    /// <summary>"docker.io/library/debian:latest": every name that points here, fully written.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>"docker.io/library/debian@sha256:...": where it was pulled from or pushed to.</summary>
    public IReadOnlyList<string> RepoDigests { get; init; } = [];
    public DateTimeOffset? LastTagged { get; init; }
}

/// <summary>Credentials for one registry; null members where anonymous.</summary>
public sealed record RegistryCredentials(string? Username, string? Password, string? IdentityToken, string? RegistryToken);

/// <summary>
/// One line of progress of a pull, push, load or import, in Docker's words: a layer's short id and "Downloading",
/// or no id and a closing sentence. Current and Total are bytes, 0 where they do not apply.
/// </summary>
public sealed record TransferProgress(string? Id, string Status, long Current = 0, long Total = 0);

/// <summary>A container that was made of an image.</summary>
public sealed record ImageUser(string ContainerId, bool IsRunning);

/// <summary>What removing an image did, in order.</summary>
public sealed record ImageRemoval(IReadOnlyList<string> Untagged, IReadOnlyList<Digest> Deleted);
