// A container as it is kept.
using Skiff.Engine.Bundles;
using Skiff.Engine.Networks;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Containers;

/// <summary>The record of a container: what was asked, what it was made of, how it is.</summary>
public sealed record Container
{
    /// <summary>64 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Without a slash.</summary>
    public required string Name { get; init; }
    public required DateTimeOffset Created { get; init; }

    /// <summary>The image as the user named it.</summary>
    public required string ImageName { get; init; }
    public required Digest ImageId { get; init; }

    /// <summary>The user's wishes with the image's defaults merged in.</summary>
    public required ContainerConfig Config { get; init; }
    public required HostSettings Host { get; init; }
    public ContainerState State { get; init; } = new();

    /// <summary>Connections to networks; addresses only while running.</summary>
    public IReadOnlyList<Endpoint> Endpoints { get; init; } = [];

    /// <summary>Published ports; only while running.</summary>
    public IReadOnlyList<PublishedPort> Ports { get; init; } = [];
    public IReadOnlyList<EndpointRequest> Networks { get; init; } = [];

    /// <summary>
    /// All that it mounts besides the tmpfs of its settings: the settings' mounts, those of other containers, volumes that
    /// its image asks for. Every volume has its name.
    /// </summary>
    public IReadOnlyList<MountRequest> MountPoints { get; init; } = [];

    /// <summary>Its own range of users; null: those of the host.</summary>
    public UserIds? Ids { get; init; }
    public string LogPath { get; init; } = "";
    public int RestartCount { get; init; }
}

public enum ContainerStatus
{
    Created,
    Running,
    Paused,
    Exited,

    /// <summary>Half removed: only rm may touch it.</summary>
    Dead,

    /// <summary>It has ended, and its restart policy is about to start it again.</summary>
    Restarting,
}

public sealed record ContainerState
{
    public ContainerStatus Status { get; init; } = ContainerStatus.Created;
    public int Pid { get; init; }
    public ulong StartTicks { get; init; }
    public int ShimPid { get; init; }
    public int ExitCode { get; init; }
    public bool OomKilled { get; init; }

    /// <summary>null: it has no health check.</summary>
    public Health? Health { get; init; }

    /// <summary>Its user stopped or killed it since its start.</summary>
    public bool StoppedByUser { get; init; }

    /// <summary>Why the last start failed, or empty.</summary>
    public string Error { get; init; } = "";
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsRunning => Status is ContainerStatus.Running or ContainerStatus.Paused;
}
