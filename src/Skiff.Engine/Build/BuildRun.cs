// One build from its Dockerfile to its image: the stages that are needed, side by side.
using Skiff.Engine.Dockerfile;
using Skiff.Engine.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

internal sealed class BuildRun
{
    readonly CancellationTokenSource stop;
    readonly Action<BuildEvent> report;
    readonly Lock gate = new();
    readonly Dictionary<int, Task<BuildState>> running = [];
    readonly Dictionary<int, int> firstOrdinals = [];
    readonly SortedSet<int> needed = [];
    int vertices;
    int ordinals;

    internal BuildRun(
        BuildTools tools,
        BuildRequest request,
        BuildContext context,
        ContentLease lease,
        Action<BuildEvent> report,
        CancellationTokenSource stop
    )
    {
        Tools = tools;
        Request = request;
        Context = context;
        Lease = lease;
        this.report = report;
        this.stop = stop;
        string text =
            request.Dockerfile
            ?? context.ReadText(request.DockerfilePath, DockerfileParser.MaxBytes)
            ?? throw EngineException.Invalid(
                $"Cannot locate specified Dockerfile: {request.DockerfilePath}: no such file in the build context"
            );
        File = DockerfileParser.Parse(text);
        Stages = StageList.Of(File);
        Ignored = IgnoreFile.Of(context, request.DockerfilePath);
        Arguments = new ArgumentScope(
            request,
            EngineOptions.HostPlatform,
            request.Platform ?? EngineOptions.HostPlatform,
            request.Target
        );
        var global = new Expansion(File.Escape, Arguments.Global);
        foreach (var instruction in Stages.GlobalArgs)
            try
            {
                foreach (var (name, value) in ConfigSteps.Arguments(instruction, global))
                    Arguments.DeclareGlobal(name, value);
            }
            catch (FormatException e)
            {
                throw instruction.Error(e.Message);
            }
        Target = FindTarget();
        Need(Target, needed, []);
        Checks = new Checks(File);
        Checks.Check(File, Stages, needed, Arguments);
    }

    internal BuildTools Tools { get; }
    internal BuildRequest Request { get; }
    internal BuildContext Context { get; }
    internal ContentLease Lease { get; }
    internal ParsedDockerfile File { get; }
    internal StageList Stages { get; }
    internal IgnoreFile? Ignored { get; }
    internal ArgumentScope Arguments { get; }
    internal Stage Target { get; }
    internal Checks Checks { get; }
    internal CancellationToken Cancellation => stop.Token;

    /// <summary>All steps; the state of the target.</summary>
    internal async Task<BuildState> SolveAsync()
    {
        ordinals = Stages.GlobalArgs.Count;
        foreach (int index in needed)
        {
            firstOrdinals[index] = ordinals + 1;
            ordinals += 1 + Stages.Stages[index].Instructions.Count;
        }
        for (int i = 0; i < Stages.GlobalArgs.Count; i++)
        {
            var vertex = Vertex("", 0, 0, i + 1, Stages.GlobalArgs[i], []);
            Report(new BuildEvent.Started(vertex));
            Report(new BuildEvent.Done(vertex, default));
        }
        try
        {
            return await StateOf(Target.Index);
        }
        catch
        {
            // The others end before the lease and the context do. The first failure is what the user is told.
            await stop.CancelAsync();
            List<Task<BuildState>> all;
            lock (gate)
                all = [.. running.Values];
            await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);
            var failure = all.Find(t => t.IsFaulted)?.Exception!.InnerExceptions[0];
            if (failure is not null)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            throw;
        }
    }

    /// <summary>The state of a stage, whose steps begin now if they have not.</summary>
    internal Task<BuildState> StateOf(int stage)
    {
        lock (gate)
            return running.TryGetValue(stage, out var task)
                ? task
                : running[stage] = Task.Run(() => new StageRun(this, Stages.Stages[stage]).RunAsync(), Cancellation);
    }

    /// <summary>A stage by its name or number as in --from; null: it is none.</summary>
    internal Stage? FindStage(string name, Stage from, Instruction at)
    {
        if (int.TryParse(name, out int index))
            return index >= 0 && index < from.Index
                ? Stages.Stages[index]
                : throw at.Error(
                    index == from.Index
                        ? $"{at.Keyword} --from={name}: a stage cannot refer to itself"
                        : $"invalid stage index {name}"
                );
        string lower = name.ToLowerInvariant();
        // Of several with the same name, the nearest before.
        return Stages.Stages.LastOrDefault(s => s.Name == lower && s.Index < from.Index)
            ?? Stages.Stages.FirstOrDefault(s => s.Name == lower && s.Index > from.Index)
            ?? (from.Name == lower ? throw at.Error($"circular dependency detected on stage: {lower}") : null);
    }

    /// <summary>The stage that one begins with, or null: it begins with an image.</summary>
    internal Stage? BaseStage(Stage stage)
    {
        string name = ExpandBase(stage).ToLowerInvariant();
        return Stages.Stages.Take(stage.Index).LastOrDefault(s => s.Name == name);
    }

    /// <exception cref="EngineException">InvalidParameter: nothing is left of it</exception>
    internal string ExpandBase(Stage stage)
    {
        string name = Expand(stage.From, stage.Base);
        return name.Length > 0 ? name : throw stage.From.Error($"base name ({stage.Base}) should not be blank");
    }

    internal string Expand(Instruction at, string text)
    {
        try
        {
            return new Expansion(File.Escape, Arguments.Global).Word(text);
        }
        catch (FormatException e)
        {
            throw at.Error(e.Message);
        }
    }

    internal BuildVertex Vertex(
        string stage,
        int number,
        int count,
        int ordinal,
        Instruction instruction,
        IReadOnlyList<int> inputs,
        bool isTrigger = false
    ) =>
        new(
            Interlocked.Increment(ref vertices),
            stage,
            number,
            count,
            ordinal,
            ordinals,
            instruction.Text,
            instruction.Line,
            inputs,
            isTrigger
        );

    internal int FirstOrdinal(Stage stage) => firstOrdinals.GetValueOrDefault(stage.Index);

    internal string NameOf(Stage stage) => stage.Name ?? (Stages.Stages.Count == 1 ? "" : $"stage-{stage.Index}");

    internal void Report(BuildEvent happened)
    {
        lock (report)
            report(happened);
    }

    Stage FindTarget()
    {
        if (Request.Target.Length == 0)
            return Stages.Stages[^1];
        if (
            Stages.Stages.LastOrDefault(s => string.Equals(s.Name, Request.Target, StringComparison.OrdinalIgnoreCase)) is
            { } named
        )
            return named;
        return int.TryParse(Request.Target, out int index) && index >= 0 && index < Stages.Stages.Count
            ? Stages.Stages[index]
            : throw EngineException.Invalid($"target stage \"{Request.Target}\" could not be found");
    }

    void Need(Stage stage, SortedSet<int> found, HashSet<int> path)
    {
        path.Add(stage.Index);
        if (found.Add(stage.Index))
            foreach (var other in InputsOf(stage))
                if (path.Contains(other.Index))
                    throw stage.From.Error($"circular dependency detected on stage: {NameOf(stage)}");
                else
                    Need(other, found, path);
        path.Remove(stage.Index);
    }

    /// <summary>The stages that one is made from.</summary>
    internal IEnumerable<Stage> InputsOf(Stage stage)
    {
        if (BaseStage(stage) is { } below)
            yield return below;
        foreach (var instruction in stage.Instructions)
        foreach (string name in FromsOf(instruction))
            if (!Request.NamedContexts.ContainsKey(name) && FindStage(name, stage, instruction) is { } other)
                yield return other;
    }

    /// <summary>What --from and the from of mounts name, as written.</summary>
    static IEnumerable<string> FromsOf(Instruction instruction) =>
        instruction.Keyword switch
        {
            "COPY" => instruction.Flags.Where(f => f is { Name: "from", Value.Length: > 0 }).Select(f => f.Value!),
            "RUN" => instruction
                .Flags.Where(f => f is { Name: "mount", Value: not null })
                .SelectMany(f => f.Value!.Split(','))
                .Where(field => field.StartsWith("from=", StringComparison.Ordinal))
                .Select(field => field["from=".Length..]),
            _ => [],
        };
}
