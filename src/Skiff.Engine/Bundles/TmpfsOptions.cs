// The options of a tmpfs that users may set: --tmpfs and --mount type=tmpfs.
using System.Text.RegularExpressions;

namespace Skiff.Engine.Bundles;

internal static partial class TmpfsOptions
{
    /// <summary>Each with the word that undoes it.</summary>
    static readonly (string On, string Off)[] Flags =
    [
        ("noexec", "exec"),
        ("nosuid", "suid"),
        ("nodev", "dev"),
        ("ro", "rw"),
        ("noatime", "atime"),
        ("nodiratime", "diratime"),
        ("relatime", "norelatime"),
        ("strictatime", "nostrictatime"),
    ];

    static readonly string[] Propagations =
    [
        "private",
        "rprivate",
        "shared",
        "rshared",
        "slave",
        "rslave",
        "unbindable",
        "runbindable",
    ];

    static readonly string[] Defaults = ["noexec", "nosuid", "nodev", "rprivate"];

    /// <summary>Docker's defaults with the user's over them.</summary>
    /// <exception cref="EngineException">InvalidParameter: an option that a tmpfs does not have, or may not have here</exception>
    internal static IReadOnlyList<string> Merge(string options)
    {
        var merged = Defaults.ToList();
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] undone =
                Array.Find(Flags, f => f.On == option || f.Off == option) is ({ } on, { } off) ? [on, off]
                : Propagations.Contains(option) ? Propagations
                : Setting().IsMatch(option)
                    ? [.. merged.Where(m => m.StartsWith(option.Split('=')[0] + "=", StringComparison.Ordinal))]
                : option is "defaults" or "async" or "nomand" ? [option]
                : throw EngineException.Invalid($"invalid tmpfs option \"{option}\"");
            merged.RemoveAll(undone.Contains);
            merged.Add(option);
        }
        return merged;
    }

    // tmpfs(5)
    [GeneratedRegex(
        "^(size=[0-9]+[kKmMgG%]?|mode=[0-7]{1,5}|(uid|gid)=[0-9]+|nr_(inodes|blocks)=[0-9]+[kKmMgG]?|mpol=[a-z0-9:=,-]+)$"
    )]
    private static partial Regex Setting();
}
