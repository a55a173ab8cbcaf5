// Kernel settings of a container's own namespaces: --sysctl and Docker's defaults.
namespace Skiff.Engine.Bundles;

internal static class Sysctls
{
    /// <summary>Those of the ipc namespace beside fs.mqueue.*: ipc_namespaces(7).</summary>
    static readonly string[] Ipc =
    [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];

    /// <exception cref="EngineException">InvalidParameter: one that would change the host</exception>
    internal static IReadOnlyDictionary<string, string>? Of(HostSettings host)
    {
        foreach (string name in host.Sysctls.Keys)
            Check(name, host);
        // Without capabilities: ports below 1024, and ping. Both are the container's own affair.
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (host.NetworkMode != "host")
        {
            all["net.ipv4.ip_unprivileged_port_start"] = "0";
            all["net.ipv4.ping_group_range"] = "0 2147483647";
        }
        foreach (var (name, value) in host.Sysctls)
            all[name] = value;
        return all.Count > 0 ? all : null;
    }

    static void Check(string name, HostSettings host)
    {
        bool network = name.StartsWith("net.", StringComparison.Ordinal);
        bool ipc = name.StartsWith("fs.mqueue.", StringComparison.Ordinal) || Ipc.Contains(name);
        if (name == "kernel.domainname" && host.UtsMode != "host")
            return;
        if (!network && !ipc)
            throw EngineException.Invalid($"sysctl '{name}' is not allowed: it is not separate for each container");
        if (network && host.NetworkMode == "host")
            throw EngineException.Invalid($"sysctl '{name}' not allowed in host network namespace");
        if (ipc && host.IpcMode == "host")
            throw EngineException.Invalid($"sysctl '{name}' not allowed in host IPC namespace");
    }
}
