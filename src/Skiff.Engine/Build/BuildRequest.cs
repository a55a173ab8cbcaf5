// What a build is asked for, and what it tells on its way.
using Skiff.Engine.Bundles;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

/// <summary>One build.</summary>
public sealed record BuildRequest
{
    /// <summary>Path of the Dockerfile in the context.</summary>
    public string DockerfilePath { get; init; } = "Dockerfile";

    /// <summary>The Dockerfile itself, where it is not in the context.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>The names that the image gets.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Name or number of the stage to build; "" is the last.</summary>
    public string Target { get; init; } = "";

    /// <summary>Every step is done anew.</summary>
    public bool NoCache { get; init; }

    /// <summary>Base images are asked for at their registries even where they are here.</summary>
    public bool Pull { get; init; }
    public Platform? Platform { get; init; }

    /// <summary>Of the steps: network, limits, further hosts.</summary>
    public HostSettings Host { get; init; } = new();

    /// <summary>By id: what `RUN --mount=type=secret` may see. Never in a layer, a history or a key.</summary>
    public IReadOnlyDictionary<string, byte[]> Secrets { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Images, by the names that stand for them in FROM and --from.</summary>
    public IReadOnlyDictionary<string, string> NamedImages { get; init; } = new Dictionary<string, string>();

    /// <summary>Directories, by the names that stand for them in FROM and --from. Disposed by the caller.</summary>
    public IReadOnlyDictionary<string, BuildContext> NamedContexts { get; init; } = new Dictionary<string, BuildContext>();

    /// <summary>Asked for secrets that are not among <see cref="Secrets"/>; null: there is none.</summary>
    public Func<string, CancellationToken, Task<byte[]?>> FindSecret { get; init; } = (_, _) => Task.FromResult<byte[]?>(null);

    /// <summary>`RUN --network=host` is allowed.</summary>
    public bool AllowHostNetwork { get; init; }

    /// <summary>For base images that must be pulled, by registry.</summary>
    public Func<string, Images.RegistryCredentials?> Credentials { get; init; } = _ => null;
}

/// <summary>One instruction of one stage, as those who watch a build are told of it.</summary>
/// <param name="Id">in the order of their beginning, from 1</param>
/// <param name="Stage">its name, or "stage-2"; "" where there is only one, without a name</param>
/// <param name="Number">among the <paramref name="Count"/> instructions of the stage that make a layer, from 1; else 0</param>
/// <param name="Ordinal">among all <paramref name="Ordinals"/> instructions of all stages that are needed, from 1; of a trigger, its FROM's</param>
/// <param name="Text">the instruction as it is written, in one line</param>
/// <param name="Line">in the Dockerfile, from 1</param>
/// <param name="Inputs">ids of what it is made of</param>
public sealed record BuildVertex(
    int Id,
    string Stage,
    int Number,
    int Count,
    int Ordinal,
    int Ordinals,
    string Text,
    int Line,
    IReadOnlyList<int> Inputs,
    bool IsTrigger = false
);

/// <summary>What happens in a build. Of stages that are independent, events come in between each other.</summary>
public abstract record BuildEvent(BuildVertex Vertex)
{
    public sealed record Started(BuildVertex Vertex) : BuildEvent(Vertex);

    /// <summary>The step is not done again: its result is there.</summary>
    public sealed record Cached(BuildVertex Vertex) : BuildEvent(Vertex);

    /// <summary>The step has to be done although one like it was done before.</summary>
    /// <param name="Reason">"package.json changed"</param>
    public sealed record Missed(BuildVertex Vertex, string Reason) : BuildEvent(Vertex);

    /// <summary>A process runs for the step, in a sandbox with this id; Ended tells of its end.</summary>
    public sealed record Running(BuildVertex Vertex, string Id) : BuildEvent(Vertex);

    /// <param name="IsError">stderr</param>
    public sealed record Output(BuildVertex Vertex, bool IsError, ReadOnlyMemory<byte> Bytes) : BuildEvent(Vertex);

    public sealed record Ended(BuildVertex Vertex, string Id) : BuildEvent(Vertex);

    /// <param name="Image">the id that an image of the state now would have</param>
    public sealed record Done(BuildVertex Vertex, Digest Image) : BuildEvent(Vertex);

    public sealed record Failed(BuildVertex Vertex, string Message) : BuildEvent(Vertex);

    public sealed record Pulling(BuildVertex Vertex, Images.TransferProgress Progress) : BuildEvent(Vertex);
}

/// <summary>A process of a step ended with another code than 0.</summary>
/// <param name="Vertex">the step</param>
/// <param name="Command">with its shell, blanks between</param>
/// <param name="ImageBefore">the state before the step, as an image; null: there were no layers yet</param>
public sealed class StepFailedException(BuildVertex vertex, string command, int exitCode, bool outOfMemory, Digest? imageBefore)
    : EngineException(
        ErrorKind.InvalidParameter,
        $"process \"{command}\" did not complete successfully: "
            + (outOfMemory ? "it was killed because memory ran out" : $"exit code: {exitCode}")
    )
{
    public BuildVertex Vertex { get; } = vertex;
    public string Command { get; } = command;
    public int ExitCode { get; } = exitCode;
    public Digest? ImageBefore { get; } = imageBefore;
}
