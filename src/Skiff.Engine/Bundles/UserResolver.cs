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

        // passwd(5): name:password:uid:gid:gecos:home:shell. The first that has the name or the number.
        string[]? entry = Find(passwd, 4, wantedUser);
        uint uid = entry is not null ? Id(entry[2]) : Number(wantedUser, "user", "passwd");
        uint gid = entry is not null ? Id(entry[3]) : 0;
        if (wantedGroup.Length > 0)
            gid = GroupId(wantedGroup, group);

        var additional = new List<uint>();
        // Docker gives the supplementary groups of the user only where the group was left to the user's own.
        if (wantedGroup.Length == 0 && entry is not null)
            foreach (string[] fields in Fields(group, 4))
                if (fields[3].Split(',').Contains(entry[0]) && TryId(fields[2]) is { } member && member != gid)
                    additional.Add(member);
        foreach (string name in groupAdd)
            additional.Add(GroupId(name, group));
        string home = entry is [_, _, _, _, _, { Length: > 0 } own, ..] ? own : "/";
        return new ResolvedUser(uid, gid, [.. additional.Distinct()], home);
    }

    // group(5): name:password:gid:members
    static uint GroupId(string wanted, IReadOnlyList<string> group) =>
        Find(group, 3, wanted) is { } entry ? Id(entry[2]) : Number(wanted, "group", "group");

    static string[]? Find(IReadOnlyList<string> lines, int fields, string nameOrNumber) =>
        Fields(lines, fields).FirstOrDefault(f => f[0] == nameOrNumber || f[2] == nameOrNumber);

    static IEnumerable<string[]> Fields(IReadOnlyList<string> lines, int atLeast) =>
        lines.Select(l => l.Trim()).Where(l => !l.StartsWith('#')).Select(l => l.Split(':')).Where(f => f.Length >= atLeast);

    /// <summary>An id that is in no file.</summary>
    static uint Number(string text, string what, string file) =>
        // long, so that -1 and numbers out of range are told from names.
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? Id(text)
            : throw EngineException.Invalid($"unable to find {what} {text}: no matching entries in {file} file");

    static uint Id(string text) =>
        TryId(text) ?? throw EngineException.Invalid($"uids and gids must be in range 0-{int.MaxValue}");

    static uint? TryId(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint n) && n <= int.MaxValue ? n : null;
}
