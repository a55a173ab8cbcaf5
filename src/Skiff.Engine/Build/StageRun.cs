// One stage: its base, then its instructions one after the other, each making the next state.
using Skiff.Engine.Dockerfile;
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

internal sealed partial class StageRun
{
    const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    readonly BuildRun build;
    readonly Stage stage;
    readonly string name;
    readonly int layerSteps;
    int layerStep;
    int ordinal;
    bool ownCommand;
    BuildState state = null!;
    BuildVertex vertex = null!;
    Expansion? expansion;

    internal StageRun(BuildRun build, Stage stage)
    {
        this.build = build;
        this.stage = stage;
        name = build.NameOf(stage);
        ordinal = build.FirstOrdinal(stage);
        layerSteps = 1 + stage.Instructions.Count(i => MakesLayer(i.Keyword));
    }

    CancellationToken Cancellation => build.Cancellation;
    BuildRequest Request => build.Request;

    internal async Task<BuildState> RunAsync()
    {
        // What this stage copies from begins beside it.
        foreach (var input in build.InputsOf(stage))
            _ = build.StateOf(input.Index);
        await StepAsync(stage.From, FromAsync, []);
        string[] triggers = [.. state.Config.OnBuild ?? []];
        if (triggers.Length > 0)
            state = state with { Config = state.Config with { OnBuild = null } };
        foreach (string trigger in triggers)
            await ExecuteAsync(DockerfileParser.ParseLine(trigger, stage.From.Line), isTrigger: true);
        foreach (var instruction in stage.Instructions)
            await ExecuteAsync(instruction, isTrigger: false);
        return state;
    }

    static bool MakesLayer(string keyword) => keyword is "RUN" or "COPY" or "ADD" or "WORKDIR";

    Task ExecuteAsync(Instruction instruction, bool isTrigger) =>
        StepAsync(
            instruction,
            instruction.Keyword switch
            {
                "RUN" => () => RunStepAsync(instruction),
                "COPY" or "ADD" => () => CopyStepAsync(instruction),
                "WORKDIR" => () => WorkdirStepAsync(instruction),
                "ARG" => () => ArgumentStepAsync(instruction),
                "MAINTAINER" => () => MaintainerStepAsync(instruction),
                _ => () => ConfigStepAsync(instruction),
            },
            [state.Vertex],
            isTrigger
        );

    async Task StepAsync(Instruction instruction, Func<Task> step, IReadOnlyList<int> inputs, bool isTrigger = false)
    {
        Cancellation.ThrowIfCancellationRequested();
        bool makes = instruction.Keyword == "FROM" || (MakesLayer(instruction.Keyword) && !isTrigger);
        vertex = build.Vertex(
            name,
            makes ? ++layerStep : 0,
            makes ? layerSteps : 0,
            isTrigger ? build.FirstOrdinal(stage) : ordinal++,
            instruction,
            inputs,
            isTrigger
        );
        build.Report(new BuildEvent.Started(vertex));
        try
        {
            await step();
        }
        catch (Exception e)
            when (e
                    is FormatException
                        or Skiff.Linux.ErrnoException
                        or EngineException
                        and not (DockerfileException or StepFailedException)
            )
        {
            var failure = new DockerfileException(
                instruction.Line,
                e is Skiff.Linux.ErrnoException ? $"{instruction.Keyword}: {e.Message}" : e.Message,
                e is EngineException known ? known.Kind
                    : e is FormatException ? ErrorKind.InvalidParameter
                    : ErrorKind.System
            );
            build.Report(new BuildEvent.Failed(vertex, failure.Message));
            throw failure;
        }
        catch (Exception e)
        {
            build.Report(new BuildEvent.Failed(vertex, e is OperationCanceledException ? "canceled" : e.Message));
            throw;
        }
        if (expansion is not null && instruction.Keyword != "RUN")
            foreach (string missing in expansion.Missing.Where(m => !state.Arguments.Any(a => a.Name == m)))
                build.Checks.Warn("UndefinedVar", instruction.Line, $"Usage of undefined variable '${missing}'");
        expansion = null;
        state = state with { Vertex = makes ? vertex.Id : state.Vertex };
        build.Report(new BuildEvent.Done(vertex, ImageService.IdOf(state.ImageConfig)));
    }

    /// <summary>Of ENV and ARG as they are now.</summary>
    Expansion Expansion() => expansion ??= new(build.File.Escape, Variable);

    string? Variable(string variable)
    {
        if (ConfigSteps.Variable(state.Config.Env, variable) is { } environment)
            return environment;
        for (int i = state.Arguments.Count - 1; i >= 0; i--)
            if (state.Arguments[i].Name == variable)
                return state.Arguments[i].Value;
        return null;
    }

    async Task FromAsync()
    {
        string reference = build.ExpandBase(stage);
        var platform = stage.Platform is null ? Request.Platform : PlatformOf(build.Expand(stage.From, stage.Platform));
        if (build.BaseStage(stage) is { } below)
        {
            state = await build.StateOf(below.Index);
            build.Report(new BuildEvent.Cached(vertex));
        }
        else if (Request.NamedContexts.TryGetValue(reference, out var context))
        {
            state = Scratch(platform);
            await CopyStepAsync(DockerfileParser.ParseLine($"COPY --from={reference} / /", stage.From.Line));
        }
        else if (reference == "scratch")
        {
            state = Scratch(platform);
            build.Report(new BuildEvent.Cached(vertex));
        }
        else
        {
            var image = await ImageAsync(Request.NamedImages.GetValueOrDefault(reference, reference), platform);
            state = Of(image, reference);
            build.Report(new BuildEvent.Cached(vertex));
        }
    }

    BuildState Scratch(Platform? platform)
    {
        platform ??= EngineOptions.HostPlatform;
        var config = new ImageRunConfig { Env = [$"PATH={DefaultPath}"], WorkingDir = "/" };
        return new BuildState
        {
            Base = new ImageConfig
            {
                Architecture = platform.Architecture,
                Variant = platform.Variant,
                OS = platform.OS,
                RootFs = new ImageRootFs { Type = "layers", DiffIds = [] },
            },
            Config = config,
            Created = build.Arguments.Epoch ?? DateTimeOffset.UnixEpoch,
        };
    }

    BuildState Of(Image image, string reference)
    {
        var diffIds = image.Config.RootFs.DiffIds;
        foreach (var layer in image.Layers)
            build.Lease.Keep(layer.Digest);
        foreach (var chain in ChainId.Compute(diffIds))
        {
            build.Lease.Keep(chain);
            if (!build.Tools.Images.Snapshots.Contains(chain))
                throw EngineException.NotFound($"{reference}: it was removed while the build began");
        }
        var config = image.Config.Config ?? new ImageRunConfig();
        if (ConfigSteps.Variable(config.Env, "PATH") is null)
            config = config with { Env = [.. config.Env ?? [], $"PATH={DefaultPath}"] };
        return new BuildState
        {
            Base = image.Config,
            Config = config,
            Layers = image.Layers,
            DiffIds = diffIds,
            Size = image.Size,
            History = image.Config.History ?? [],
            Created = image.Config.Created ?? DateTimeOffset.UnixEpoch,
        };
    }

    async Task<Image> ImageAsync(string reference, Platform? platform)
    {
        var images = build.Tools.Images;
        Reference? parsed = null;
        Image? here;
        try
        {
            here = images.Find(reference);
            if (here is null)
                parsed = Reference.Parse(reference);
            else
                _ = Reference.TryParse(reference, out parsed);
        }
        catch (Exception e) when (e is FormatException or EngineException { Kind: ErrorKind.InvalidParameter })
        {
            throw stage.From.Error($"failed to parse stage name \"{reference}\": {e.Message}");
        }
        bool fits = here is not null && (platform is null || Fits(here.Config, platform));
        if (fits && !Request.Pull)
            return here!;
        if (parsed is null)
            return here ?? throw EngineException.NotFound($"No such image: {reference}");
        try
        {
            return await images.PullAsync(
                reference,
                platform,
                Request.Credentials(parsed.Domain),
                p => build.Report(new BuildEvent.Pulling(vertex, p)),
                Cancellation
            );
        }
        catch (EngineException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.Unavailable or ErrorKind.Unauthorized)
        {
            throw new EngineException(e.Kind, $"{reference}: failed to resolve source metadata for {parsed}: {e.Message}", e);
        }
    }

    static bool Fits(ImageConfig config, Platform platform) =>
        config.OS == platform.OS
        && config.Architecture == platform.Architecture
        && (platform.Variant is null || config.Variant is null || config.Variant == platform.Variant);

    Platform PlatformOf(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length is 2 or 3 && parts.All(p => p.Length > 0)
            ? new Platform
            {
                OS = parts[0],
                Architecture = parts[1],
                Variant = parts.Length == 3 ? parts[2] : null,
            }
            : throw stage.From.Error($"failed to parse platform {text}");
    }

    Task ConfigStepAsync(Instruction instruction)
    {
        var (config, createdBy) = ConfigSteps.Apply(state.Config, instruction, Expansion(), ownCommand);
        ownCommand |= instruction.Keyword == "CMD";
        state = state.With(config, createdBy);
        return Task.CompletedTask;
    }

    Task ArgumentStepAsync(Instruction instruction)
    {
        foreach (var (argument, value) in ConfigSteps.Arguments(instruction, Expansion()))
        {
            string? chosen = build.Arguments.Of(argument, value);
            state = state with { Arguments = [.. state.Arguments.Where(a => a.Name != argument), (argument, chosen)] };
        }
        state = state.With(state.Config, "ARG " + string.Join(' ', ConfigSteps.Split(instruction.Arguments)));
        return Task.CompletedTask;
    }

    Task MaintainerStepAsync(Instruction instruction)
    {
        state = state with { Author = instruction.Arguments };
        state = state.With(state.Config, $"MAINTAINER {instruction.Arguments}");
        return Task.CompletedTask;
    }

    StepKey NewKey(Instruction instruction)
    {
        var key = new StepKey();
        key.Add(StepKey.Below, state.Chain?.ToString() ?? "");
        key.Add(StepKey.Instruction, instruction.Keyword);
        return key;
    }

    /// <summary>The layer of a step: one that is there, or one that is made now.</summary>
    /// <param name="leftOut">paths of what is in the way of making it, and no part of it</param>
    async Task LayerStepAsync(StepKey key, string createdBy, IReadOnlySet<string> leftOut, Func<string, Snapshot, Task> fill)
    {
        string digest = key.Digest;
        string place = BuildCache.Key(
            Request.Tags is [var first, ..] ? first : "",
            Request.DockerfilePath,
            name,
            vertex.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            vertex.Ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture)
        );
        var cache = build.Tools.Cache;
        if (!Request.NoCache && Held(digest) is { } found)
        {
            build.Report(new BuildEvent.Cached(vertex));
            state = state.With(found, createdBy);
            cache.Remember(place, digest, key.Parts);
            return;
        }
        var parts = key.Parts();
        if (!Request.NoCache && cache.WhyMissed(place, parts) is { } reason)
            build.Report(new BuildEvent.Missed(vertex, reason));
        var step = await MakeLayerAsync(leftOut, createdBy, fill);
        cache.Add(digest, step);
        cache.Remember(place, digest, () => parts);
        state = state.With(step, createdBy);
    }

    /// <summary>A cached step whose layer is there, and stays for this build.</summary>
    CachedStep? Held(string key)
    {
        if (build.Tools.Cache.Find(key) is not { } step)
            return null;
        build.Lease.Keep(step.Blob.Digest);
        build.Lease.Keep(step.ChainId);
        var images = build.Tools.Images;
        if (images.Snapshots.Contains(step.ChainId) && images.Content.Size(step.Blob.Digest) is not null)
            return step;
        build.Tools.Cache.Remove(key);
        return null;
    }

    async Task<CachedStep> MakeLayerAsync(IReadOnlySet<string> leftOut, string description, Func<string, Snapshot, Task> fill)
    {
        var images = build.Tools.Images;
        // As long as a container's: what is left after a crash is given back like a container's.
        string id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        var snapshot = images.Snapshots.Prepare(id, state.AsImage());
        try
        {
            await fill(id, snapshot);
            Cancellation.ThrowIfCancellationRequested();
            var layer = await images.MakeLayerAsync(snapshot, leftOut, state.Chain, build.Lease, Cancellation);
            return new CachedStep
            {
                DiffId = layer.DiffId,
                ChainId = ChainId.Join(state.Chain, layer.DiffId),
                Blob = layer.Blob,
                Size = layer.Size,
                Created = build.Arguments.Epoch ?? DateTimeOffset.UtcNow,
                LastUsed = DateTimeOffset.UtcNow,
                Uses = 1,
                Description = description,
            };
        }
        finally
        {
            images.Snapshots.Remove(id);
        }
    }
}
