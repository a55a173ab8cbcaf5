// The engine's --userns-remap: ranges of users and groups of /etc/subuid and /etc/subgid.
using System.Globalization;
using Skiff.Engine.Bundles;

namespace Skiff.Engine.Host;

internal static class SubordinateIds
{
    /// <summary>Docker's user for "default".</summary>
    const string Default = "dockremap";

    /// <summary>Above all that --userns=auto gives out, below systemd's range of foreign users.</summary>
    const uint OwnRange = 0x7FFD_0000;

    /// <param name="who">"default", "user" or "user:group"; empty: none</param>
    /// <param name="subuid">the text of subuid(5)</param>
    /// <exception cref="EngineException">InvalidParameter: they have no range</exception>
    internal static UserIds? Find(string who, string subuid, string subgid)
    {
        if (who.Length == 0)
            return null;
        // Docker would make the user; there is no need of one.
        if (who == "default" && !HasRange(Default, subuid))
            return new UserIds(OwnRange, OwnRange, 0x1_0000);
        string[] parts = who == "default" ? [Default] : who.Split(':', 2);
        var users = Range(parts[0], subuid, "/etc/subuid");
        var groups = Range(parts[^1], subgid, "/etc/subgid");
        return new UserIds(users.First, groups.First, Math.Min(users.Size, groups.Size));
    }

    static bool HasRange(string name, string text) =>
        text.Split('\n').Any(l => l.StartsWith(name + ":", StringComparison.Ordinal));

    /// <summary>The first line of a name: "name:first:count".</summary>
    static (uint First, uint Size) Range(string name, string text, string file)
    {
        foreach (string line in text.Split('\n'))
            if (
                line.Split(':') is [var owner, var first, var count]
                && owner == name
                && uint.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out uint start)
                && uint.TryParse(count.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out uint size)
                && start > 0
                && size > 0
            )
                return (start, size);
        throw EngineException.Invalid($"--userns-remap: {file} has no range for {name}: add a line \"{name}:100000:65536\"");
    }
}
