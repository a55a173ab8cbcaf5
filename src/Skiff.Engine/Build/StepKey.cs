// Everything that the result of a step depends on, each part with its name: for a key, and for saying what changed.
namespace Skiff.Engine.Build;

internal sealed class StepKey
{
    internal const string Instruction = "instruction";
    internal const string Below = "below";
    internal const string Command = "the command";

    const int MaxTold = 3;
    const int MaxKept = 20_000;

    readonly List<(string Name, string Value)> parts = [];
    readonly List<(string Path, TreeDigest Tree)> trees = [];

    internal void Add(string name, string value) => parts.Add((name, value));

    /// <summary>Files whose digest is part of the key: only for telling which of them changed.</summary>
    /// <param name="path">of the tree below its context</param>
    internal void Detail(string path, TreeDigest tree) => trees.Add((path, tree));

    internal string Digest => BuildCache.Key([.. parts.SelectMany(p => (string[])[p.Name, p.Value])]);

    /// <summary>Digests instead of values: what is secret in a value is not kept.</summary>
    internal Dictionary<string, string> Parts()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in parts)
            all[name] = BuildCache.Key(value)[..16];
        var files = trees
            .SelectMany(t => t.Tree.Files().Select(f => (Name: Join(t.Path, f.Path), f.Value)))
            .Take(MaxKept + 1)
            .ToList();
        if (files.Count <= MaxKept)
            foreach (var (name, value) in files)
                all[name] = BuildCache.Key(value)[..16];
        return all;

        static string Join(string above, string below) =>
            above.Length == 0 ? below
            : below.Length == 0 ? above
            : $"{above}/{below}";
    }

    /// <summary>"package.json changed"; null if there is nothing that one could say.</summary>
    internal static string? Difference(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> now)
    {
        if (!Same(Instruction) || !Same(Command))
            return "the instruction changed";
        var told = now.Where(p => before.TryGetValue(p.Key, out string? old) && old != p.Value && IsNamed(p.Key))
            .Select(p => $"{p.Key} changed")
            .Concat(now.Keys.Where(k => !before.ContainsKey(k) && IsNamed(k)).Select(k => $"{k} is new"))
            .Concat(before.Keys.Where(k => !now.ContainsKey(k) && IsNamed(k)).Select(k => $"{k} is gone"))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (told.Count == 0)
            return Same(Below) ? null : "what it builds on changed";
        return string.Join(", ", told.Take(MaxTold)) + (told.Count > MaxTold ? $" and {told.Count - MaxTold} more" : "");

        bool Same(string part) => before.GetValueOrDefault(part) == now.GetValueOrDefault(part);

        // "files" stands for all the details.
        static bool IsNamed(string part) => part is not (Below or "files");
    }
}
