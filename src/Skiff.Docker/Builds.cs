// Builds: answers of /build, /build/prune and of /system/df.
using System.Text.Json.Serialization;

namespace Skiff.Docker;

/// <summary>The "aux" of the last message of a build.</summary>
public sealed record BuildAux(string ID);

/// <param name="CachesDeleted">ids; null: nothing</param>
public sealed record BuildPruneAnswer(IReadOnlyList<string>? CachesDeleted, long SpaceReclaimed);

/// <summary>What one step of a build left.</summary>
public sealed record BuildCacheBody
{
    public string ID { get; init; } = "";

    /// <summary>"regular": a layer.</summary>
    public string Type { get; init; } = "regular";
    public string Description { get; init; } = "";
    public bool InUse { get; init; }

    /// <summary>Images have the layer, too.</summary>
    public bool Shared { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }
    public string CreatedAt { get; init; } = "";
    public string? LastUsedAt { get; init; }
    public int UsageCount { get; init; }
}

/// <summary>
/// Skiff's own: instead of a tar, where the context is. Only an engine that sees the same directory under that path takes
/// it: the one whose boot, mount namespace, device and inode are the client's.
/// </summary>
public sealed record BuildContextBody
{
    public const string ContentType = "application/vnd.skiff.build.context+json";

    /// <summary>Absolute.</summary>
    public string Path { get; init; } = "";
    public ulong Device { get; init; }
    public ulong Inode { get; init; }

    /// <summary>Of the client: the boot's id and the mount namespace.</summary>
    public string View { get; init; } = "";

    /// <summary>The Dockerfile's text where it is not in the context.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>Further directories by their names; only path, device and inode count.</summary>
    public IReadOnlyDictionary<string, BuildContextBody>? Contexts { get; init; }

    /// <summary>base64, by id.</summary>
    public IReadOnlyDictionary<string, string>? Secrets { get; init; }

    /// <summary>What makes two processes see the same under a path.</summary>
    public static string ThisView() =>
        File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() + " " + new FileInfo("/proc/self/ns/mnt").LinkTarget;
}

/// <summary>Skiff's own: one thing that happened in a build, in the "aux" of a message.</summary>
public sealed record BuildProgressBody
{
    public const string Started = "started";
    public const string Cached = "cached";
    public const string Missed = "missed";
    public const string Output = "output";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Pulling = "pulling";
    public const string Finished = "finished";

    /// <summary>Id is the rule.</summary>
    public const string Warning = "warning";

    public required string Kind { get; init; }
    public BuildStepBody? Step { get; init; }

    /// <summary>Output, reason of a miss, or failure.</summary>
    public string? Text { get; init; }
    public bool IsError { get; init; }

    /// <summary>Done: the state's image. Finished: the image. Failed: the state before, to look into.</summary>
    public string? Image { get; init; }

    /// <summary>In the Dockerfile; 0: nowhere.</summary>
    public int Line { get; init; }

    /// <summary>Pulling: id, bytes, bytes in all.</summary>
    public string? Id { get; init; }
    public long Current { get; init; }
    public long Total { get; init; }
}

/// <summary>An instruction of a build. As Engine.Build.BuildVertex.</summary>
public sealed record BuildStepBody(int Id, string Stage, int Number, int Count, string Text, int Line);
