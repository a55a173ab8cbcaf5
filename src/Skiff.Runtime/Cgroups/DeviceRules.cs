// linux.resources.devices as rules, with the devices that every container may use.
using Skiff.Linux.Cgroups;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Cgroups;

internal static class DeviceRules
{
    /// <summary>runtime-spec: config-linux.md, Default Devices; and making any node, which alone gives no access.</summary>
    static readonly DeviceRule[] Always =
    [
        new(true, 'c', null, null, "m"),
        new(true, 'b', null, null, "m"),
        new(true, 'c', 1, 3, "rwm"), // null
        new(true, 'c', 1, 5, "rwm"), // zero
        new(true, 'c', 1, 7, "rwm"), // full
        new(true, 'c', 1, 8, "rwm"), // random
        new(true, 'c', 1, 9, "rwm"), // urandom
        new(true, 'c', 5, 0, "rwm"), // tty
        new(true, 'c', 5, 1, "rwm"), // console
        new(true, 'c', 5, 2, "rwm"), // ptmx
        new(true, 'c', 136, null, "rwm"), // pts/*
    ];

    /// <summary>In the order of config.json; none if it has none: then nothing is restricted.</summary>
    public static IReadOnlyList<DeviceRule> Of(LinuxResources resources)
    {
        if (resources.Devices is not { Count: > 0 } given)
            return [];
        var rules = new List<DeviceRule>(given.Count + Always.Length);
        foreach (LinuxDeviceRule rule in given)
        {
            long? major = Number(rule.Major);
            long? minor = Number(rule.Minor);
            string access = rule.Access ?? "rwm";
            string types = rule.Type is null or "" ? "a" : rule.Type;
            if (types == "a" && (major is not null || minor is not null || access.Length < 3))
                types = "cb"; // "a" by itself means all devices and accesses, whatever else the rule says
            foreach (char type in types)
                rules.Add(new DeviceRule(rule.Allow, type, major, minor, access));
        }
        if (rules.Exists(r => !r.Allow))
            rules.AddRange(Always.Where(r => !rules.Contains(r)));
        return rules;
    }

    /// <summary>-1 is an old way to say any.</summary>
    static long? Number(long? given) => given is < 0 ? null : given;
}
