// What is measured: each a command, and what must be there before it and go after it.
namespace Skiff.Bench;

/// <param name="Command">the words after the engine's own that are timed</param>
/// <param name="Before">run untimed before each round; its failure does not count</param>
public sealed record Measurement(
    string Name,
    IReadOnlyList<string> Command,
    IReadOnlyList<string>? Setup = null,
    IReadOnlyList<string>? Teardown = null,
    IReadOnlyList<string>? Before = null
);

public static class Measurements
{
    static readonly string Helper = $"bench-{Environment.ProcessId}";

    public static IEnumerable<Measurement> All(BenchOptions options)
    {
        string image = options.Image;
        yield return new("run: run --rm --network bridge true", ["run", "--rm", "--network", "bridge", image, "true"]);
        yield return new("run: run --rm --network none true", ["run", "--rm", "--network", "none", image, "true"]);
        yield return new(
            "exec: exec true",
            ["exec", Helper, "true"],
            Setup: ["run", "-d", "--name", Helper, image, "sleep", "1000"],
            Teardown: ["rm", "-f", Helper]
        );
        yield return new(
            "ps: ps",
            ["ps"],
            Setup: ["run", "-d", "--name", Helper, image, "sleep", "1000"],
            Teardown: ["rm", "-f", Helper]
        );
        yield return new("pull: pull (cold)", ["pull", image], Before: ["rmi", "-f", image], Teardown: ["pull", image]);
    }
}
