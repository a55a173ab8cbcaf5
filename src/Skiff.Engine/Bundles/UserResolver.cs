// Who a process runs as: names of the image's /etc/passwd and /etc/group turned into numbers.
using System.Globalization;

namespace Skiff.Engine.Bundles;

/// <summary>Numbers for the kernel, and the home directory for HOME.</summary>
public sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids, string Home);

public static class UserResolver
{
    /// <summary>
    /// Resolves "", "user", "uid", "user:group", "uid:gid" as Docker does: a number need not be in the files, a name must.
    /// </summary>
    /// <param name="passwd">lines of /etc/passwd; empty when there is none</param>
    /// <param name="group">lines of /etc/group; empty when there is none</param>
    /// <param name="groupAdd">--group-add: names or numbers</param>
    /// <exception cref="EngineException">InvalidParameter: no such user or group</exception>
    public static ResolvedUser Resolve(
        string user,
        IReadOnlyList<string> passwd,
        IReadOnlyList<string> group,
        IReadOnlyList<string> groupAdd
    )
    {
        string[] parts = user.Split(':', 2);
        string wantedUser = parts[0].Length > 0 ? parts[0] : "0";
        string wantedGroup = parts.Length > 1 ? parts[1] : "";

        // passwd(5): name:password:uid:gid:gecos:home:shell
        string[]? entry = Find(passwd, 6, f => f[0] == wantedUser) ?? Find(passwd, 6, f => f[2] == wantedUser);
        uint uid = entry is not null
            ? Number(entry[2], "uid")
            : TryNumber(wantedUser)
                ?? throw EngineException.Invalid(
                    $"unable to find user {wantedUser}: no matching entries in passwd file"
                );
        uint gid = entry is not null ? Number(entry[3], "gid") : 0;
        if (wantedGroup.Length > 0)
            gid = GroupId(wantedGroup, group);

        var additional = new List<uint>();
        // Docker gives the supplementary groups of the user only where the group was left to the user's own.
        if (wantedGroup.Length == 0 && entry is not null)
            foreach (string[] fields in Fields(group, 4))
                if (fields[3].Split(',').Contains(entry[0]) && TryNumber(fields[2]) is { } member && member != gid)
                    additional.Add(member);
        foreach (string name in groupAdd)
            additional.Add(GroupId(name, group));
        return new ResolvedUser(uid, gid, [.. additional.Distinct()], entry is { } found ? found[5] : "/");
    }

    // group(5): name:password:gid:members
    static uint GroupId(string wanted, IReadOnlyList<string> group)
    {
        string[]? entry = Find(group, 3, f => f[0] == wanted);
        return entry is not null
            ? Number(entry[2], "gid")
            : TryNumber(wanted)
                ?? throw EngineException.Invalid($"unable to find group {wanted}: no matching entries in group file");
    }

    static string[]? Find(IReadOnlyList<string> lines, int fields, Func<string[], bool> match) =>
        Fields(lines, fields).FirstOrDefault(match);

    static IEnumerable<string[]> Fields(IReadOnlyList<string> lines, int atLeast) =>
        lines.Select(l => l.Split(':')).Where(f => f.Length >= atLeast);

    static uint? TryNumber(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint n) && n <= int.MaxValue ? n : null;

    static uint Number(string text, string what) =>
        TryNumber(text) ?? throw EngineException.Invalid($"invalid {what} \"{text}\" in the image's user database");
}
