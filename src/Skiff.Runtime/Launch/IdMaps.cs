// The ids of a container with a user namespace: which of the host they are.
using System.Globalization;
using Skiff.Linux;
using Skiff.Linux.Namespaces;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

/// <summary>
/// The process enters its user namespace last, after pivot_root: it owns none of the other namespaces, so what mounts and
/// networks are made of stays out of its reach, whatever its capabilities inside.
/// </summary>
internal sealed class IdMaps(IReadOnlyList<IdMapping> uids, IReadOnlyList<IdMapping> gids)
{
    /// <summary>null: the container has the ids of the host, or joins a namespace whose maps nobody told.</summary>
    public static IdMaps? Of(Spec spec) =>
        spec.Linux is { UidMappings: { Count: > 0 } uids, GidMappings: { Count: > 0 } gids } && HasUserNamespace(spec.Linux)
            ? new IdMaps(uids, gids)
            : null;

    public static bool HasUserNamespace(LinuxSpec? linux) => linux?.Namespaces?.Any(n => n.Type == "user") == true;

    /// <summary>The namespace of config.json, joined or made; null if there is none.</summary>
    public static Fd? OpenNamespace(Spec spec)
    {
        LinuxNamespace? user = spec.Linux?.Namespaces?.FirstOrDefault(n => n.Type == "user");
        if (user is null)
            return null;
        return user.Path is { Length: > 0 } path
            ? NamespaceFile.Open(path)
            : Create(spec.Linux!.UidMappings!, spec.Linux.GidMappings!);
    }

    public static Fd Create(IReadOnlyList<IdMapping> uids, IReadOnlyList<IdMapping> gids) =>
        UserNamespace.Create([.. uids.Select(Range)], [.. gids.Select(Range)]);

    /// <summary>The id of the host; one that is in no range stays as it is.</summary>
    public uint Uid(uint inside) => Outside(uids, inside);

    public uint Gid(uint inside) => Outside(gids, inside);

    /// <summary>Options of a new filesystem, with owners as the host knows them; root of the container owns a tmpfs.</summary>
    public IReadOnlyList<string> Data(string type, IReadOnlyList<string> data)
    {
        if (type is not ("tmpfs" or "devpts"))
            return data;
        List<string> mapped = [.. data.Select(d => Mapped(d, "uid=", Uid) ?? Mapped(d, "gid=", Gid) ?? d)];
        if (type == "tmpfs" && !data.Any(d => d.StartsWith("uid=", StringComparison.Ordinal)))
            mapped.Add($"uid={Uid(0)}");
        if (type == "tmpfs" && !data.Any(d => d.StartsWith("gid=", StringComparison.Ordinal)))
            mapped.Add($"gid={Gid(0)}");
        return mapped;
    }

    static string? Mapped(string option, string key, Func<uint, uint> map) =>
        option.StartsWith(key, StringComparison.Ordinal)
        && uint.TryParse(option.AsSpan(key.Length), CultureInfo.InvariantCulture, out uint id)
            ? $"{key}{map(id)}"
            : null;

    static uint Outside(IReadOnlyList<IdMapping> ranges, uint inside) =>
        ranges.FirstOrDefault(r => inside >= r.ContainerId && inside - r.ContainerId < r.Size) is { } range
            ? range.HostId + (inside - range.ContainerId)
            : inside;

    static IdRange Range(IdMapping mapping) => new(mapping.ContainerId, mapping.HostId, mapping.Size);
}
