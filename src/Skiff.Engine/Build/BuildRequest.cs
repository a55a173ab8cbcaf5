// What a build is asked for, and what it tells on its way.
using Skiff.Engine.Bundles;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

/// <summary>One build.</summary>
public sealed record BuildRequest
{
    /// <summary>Path of the Dockerfile in the context.</summary>
    public string DockerfilePath { get; init; } = "Dockerfile";

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

    /// <summary>For base images that must be pulled, by registry.</summary>
    public Func<string, Images.RegistryCredentials?> Credentials { get; init; } = _ => null;
}

/// <summary>What happens in a build, in order.</summary>
public abstract record BuildEvent
{
    /// <param name="Number">of <paramref name="Count"/>, from 1</param>
    /// <param name="Text">the instruction as it is written</param>
    public sealed record Step(int Number, int Count, string Text) : BuildEvent;

    /// <summary>The step is not done again: its result is there.</summary>
    public sealed record Cached : BuildEvent;

    /// <summary>The step has to be done although one like it was done before.</summary>
    /// <param name="Reason">"package.json changed"</param>
    public sealed record Missed(string Reason) : BuildEvent;

    /// <summary>A process runs for the step.</summary>
    /// <param name="Id">of its sandbox</param>
    public sealed record Running(string Id) : BuildEvent;

    /// <param name="IsError">stderr</param>
    public sealed record Output(bool IsError, ReadOnlyMemory<byte> Bytes) : BuildEvent;

    public sealed record Removed(string Id) : BuildEvent;

    /// <summary>The step is done: the id that an image of the state now would have.</summary>
    public sealed record Done(Digest Id) : BuildEvent;

    public sealed record Pulling(Images.TransferProgress Progress) : BuildEvent;

    public sealed record Warning(string Text) : BuildEvent;
}
