// Everything of an engine that a leak would show in: files, mounts, cgroups, links, rules, processes.
namespace Skiff.SystemTests.Harness;

public static class Traces
{
    /// <summary>The same once the kernel has taken the last link of ended containers down, which it does in its own time.</summary>
    public static string AtRest(EngineUnderTest engine)
    {
        SpinWait.SpinUntil(() => !Links(engine).Any(), TimeSpan.FromSeconds(10));
        return Of(engine);
    }

    /// <summary>One line a thing, sorted. The database and logs of the engine itself are left out.</summary>
    public static string Of(EngineUnderTest engine)
    {
        var lines = new List<string>();
        foreach (string root in (string[])[engine.DataRoot, engine.RunRoot])
            lines.AddRange(
                Directory
                    .EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
                    .Where(p => !Path.GetFileName(p).StartsWith("skiff", StringComparison.Ordinal))
                    .Where(p =>
                        !p.Contains("/content/", StringComparison.Ordinal) && !p.Contains("/fs/", StringComparison.Ordinal)
                    )
            );
        lines.AddRange(
            File.ReadLines("/proc/self/mountinfo")
                .Where(l =>
                    l.Contains(engine.Root, StringComparison.Ordinal) || l.Contains(engine.RunRoot, StringComparison.Ordinal)
                )
        );
        lines.AddRange(
            Directory
                .EnumerateDirectories("/sys/fs/cgroup", "skiff", SearchOption.AllDirectories)
                .SelectMany(Directory.EnumerateDirectories)
                .Where(d => Owns(engine, Path.GetFileName(d)))
        );
        lines.AddRange(Links(engine));
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                string command = File.ReadAllText($"{process}/cmdline");
                if (
                    command.Contains(engine.RunRoot + "/", StringComparison.Ordinal)
                    && command.Contains("shim", StringComparison.Ordinal)
                )
                    lines.Add(process);
            }
            catch (IOException)
            {
                // ended meanwhile
            }
        }
        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    static IEnumerable<string> Links(EngineUnderTest engine) =>
        Directory.Exists($"/sys/class/net/{engine.Bridge}/brif")
            ? Directory.EnumerateFileSystemEntries($"/sys/class/net/{engine.Bridge}/brif")
            : [];

    static bool Owns(EngineUnderTest engine, string id) =>
        Directory.Exists(Path.Combine(engine.DataRoot, "containers", id))
        || Directory.Exists(Path.Combine(engine.RunRoot, "containers", id));
}
