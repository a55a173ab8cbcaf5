// The verbs on builds.
using Skiff.Engine.Containers;
using Skiff.Engine.Events;
using Skiff.Engine.Images;
using Skiff.Engine.Storage;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

/// <summary>What a step left for later builds.</summary>
/// <param name="InUse">an image has the layer, too: removing it frees nothing</param>
public sealed record BuildCacheEntry(
    string Id,
    string Description,
    bool InUse,
    bool Shared,
    long Size,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastUsedAt,
    int UsageCount
);

/// <param name="UnusedArguments">given, and asked for by nothing</param>
public sealed record BuildResult(Image Image, IReadOnlyList<string> UnusedArguments, IReadOnlyList<BuildWarning> Warnings);

/// <summary>Builds images, and keeps what their steps made.</summary>
public sealed class BuildService
{
    readonly BuildTools tools;
    readonly EventBus events;

    internal BuildService(
        EngineOptions options,
        StateLayout layout,
        Database database,
        ImageService images,
        StepSandbox sandbox,
        EventBus events
    )
    {
        this.events = events;
        tools = new BuildTools(
            options,
            layout,
            images,
            sandbox,
            new BuildCache(database),
            new ContentDigests(TimeProvider.System),
            new CacheMounts(Path.Combine(layout.DataRoot, "build-mounts")),
            new SemaphoreSlim(Math.Max(2, Environment.ProcessorCount))
        );
        images.AlsoKept = () => tools.Cache.All().Select(s => (s.Step.Blob.Digest, s.Step.ChainId));
        string secrets = Path.Combine(layout.ExecRoot, "secrets");
        if (Directory.Exists(secrets))
            Directory.Delete(secrets, recursive: true); // of an engine that was killed
    }

    /// <summary>Unpacks a context that came as a tar. The caller disposes.</summary>
    /// <exception cref="EngineException">InvalidParameter: no tar, or a hostile one; System: the disk is full</exception>
    public Task<BuildContext> UnpackAsync(Stream tar, CancellationToken cancellation) =>
        BuildContext.UnpackAsync(tar, tools.Layout.Scratch, cancellation);

    /// <summary>
    /// Builds and names the image. What steps made stays for the next build, also when a later one fails.
    /// <paramref name="report"/> is called from several threads, never at the same time.
    /// </summary>
    /// <exception cref="StepFailedException">a process ended with another code than 0</exception>
    /// <exception cref="EngineException">InvalidParameter: the Dockerfile, naming the line; as for pulls of its base images</exception>
    public async Task<BuildResult> BuildAsync(
        BuildRequest request,
        BuildContext context,
        Action<BuildEvent> report,
        CancellationToken cancellation
    )
    {
        var names = request.Tags.Select(t => ImageService.Name(t)).ToList();
        using var lease = tools.Images.Content.OpenLease();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var run = new BuildRun(tools, request, context, lease, report, stop);
        var state = await run.SolveAsync();
        if (request.Labels.Count > 0)
        {
            var labels = new Dictionary<string, string>(state.Config.Labels ?? new Dictionary<string, string>());
            foreach (var (name, value) in request.Labels)
                labels[name] = value;
            state = state with { Config = state.Config with { Labels = labels } };
        }
        if (run.Checks is { AreErrors: true, Warnings.Count: > 0 } checks)
            throw EngineException.Invalid(
                $"lint violation found for rules: {string.Join(", ", checks.Warnings.Select(w => w.Rule).Distinct())}"
            );
        var image = tools.Images.AddBuilt(state.ImageConfig, state.Layers, state.Size, names, lease);
        return new BuildResult(image, run.Arguments.Unused(), run.Checks.Warnings);
    }

    /// <summary>What `--check` tells: nothing runs, nothing is pulled.</summary>
    /// <exception cref="EngineException">InvalidParameter: the Dockerfile, naming the line</exception>
    public IReadOnlyList<BuildWarning> Check(BuildRequest request, BuildContext context)
    {
        using var lease = tools.Images.Content.OpenLease();
        using var stop = new CancellationTokenSource();
        return new BuildRun(tools, request, context, lease, _ => { }, stop).Checks.Warnings;
    }

    /// <summary>Least recently used first.</summary>
    public IReadOnlyList<BuildCacheEntry> Cached()
    {
        var used = tools.Images.List().SelectMany(i => ChainId.Compute(i.Config.RootFs.DiffIds)).ToHashSet();
        return
        [
            .. tools
                .Cache.All()
                .Select(s => new BuildCacheEntry(
                    s.Key,
                    s.Step.Description,
                    InUse: false,
                    Shared: used.Contains(s.Step.ChainId),
                    s.Step.Size,
                    s.Step.Created,
                    s.Step.LastUsed,
                    s.Step.Uses
                )),
        ];
    }

    /// <summary>Forgets what steps made; layers that no image has go.</summary>
    /// <param name="all">also what images share, and the caches of `RUN --mount=type=cache`</param>
    /// <param name="until">only what was not used since; null: all</param>
    /// <param name="keepBytes">the most recently used stays, up to so much</param>
    /// <returns>keys of what went, and the bytes that are free now</returns>
    public (IReadOnlyList<string> Removed, long Bytes) Prune(bool all, DateTimeOffset? until, long keepBytes)
    {
        long kept = tools.Cache.All().Sum(s => s.Step.Size);
        var removed = new List<string>();
        long bytes = 0;
        foreach (var entry in Cached())
        {
            if ((entry.Shared && !all) || entry.LastUsedAt > until || kept <= keepBytes)
                continue;
            tools.Cache.Remove(entry.Id);
            kept -= entry.Size;
            removed.Add(entry.Id);
            bytes += entry.Shared ? 0 : entry.Size;
        }
        if (all && until is null && keepBytes == 0)
            tools.CacheMounts.RemoveAll();
        tools.Images.CollectGarbage();
        events.Pruned("builder", (ulong)bytes);
        return (removed, bytes);
    }
}
