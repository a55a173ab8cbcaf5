// The container's cgroup: made with its limits before the launch, asked and removed afterwards.
using System.Globalization;
using Skiff.Linux;
using Skiff.Linux.Cgroups;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Runtime.Systemd;
using Skiff.Tasks;

namespace Skiff.Runtime.Cgroups;

internal sealed class CgroupManager
{
    readonly SystemdScope? scope;
    readonly LinuxResources? resources;

    CgroupManager(Cgroup cgroup, SystemdScope? scope, LinuxResources? resources)
    {
        Cgroup = cgroup;
        this.scope = scope;
        this.resources = resources;
    }

    public Cgroup Cgroup { get; }

    /// <summary>Finds the hierarchies of the machine. Makes nothing yet.</summary>
    /// <param name="id">names the cgroup if config.json does not</param>
    /// <param name="systemd">systemd makes the cgroup; it does so too for a cgroupsPath in its form, slice:prefix:name</param>
    /// <exception cref="LaunchException">a cgroupsPath that systemd's driver does not take</exception>
    public static CgroupManager Of(Spec spec, string id, bool systemd = false)
    {
        string path = spec.Linux?.CgroupsPath ?? "";
        SystemdScope? scope = SystemdScope.Parse(systemd && path.Length == 0 ? $"system.slice:skiff:{id}" : path);
        if (systemd && scope is null)
            throw new LaunchException(
                FailureKind.Other,
                $"expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"{path}\" instead"
            );
        string place = scope?.CgroupPath ?? (path.Length > 0 ? path : $"/skiff/{id}");
        return new CgroupManager(new Cgroup(CgroupHierarchy.Detect(), place), scope, spec.Linux?.Resources);
    }

    /// <summary>systemd makes the cgroup, around a process that is there already: see <see cref="StartScope"/>.</summary>
    public bool IsScope => scope is not null;

    /// <summary>To be asked before <see cref="Create"/>, whose undoing would kill what runs there.</summary>
    /// <exception cref="LaunchException">processes are in the cgroup</exception>
    public void RequireUnused()
    {
        if (Cgroup.Processes().Count > 0)
            throw new LaunchException(FailureKind.WrongState, "the container's cgroup is not empty: is it running already?");
    }

    /// <summary>Makes the cgroup and sets its limits.</summary>
    /// <exception cref="LaunchException">the machine cannot limit what config.json limits</exception>
    public void Create()
    {
        if (scope is null)
        {
            Cgroup.Create();
            Limit();
        }
        else if (Cgroup.Hierarchies.Any(h => !h.IsV2))
            throw new LaunchException(
                FailureKind.Other,
                "not supported by this runtime: systemd's cgroup driver on a machine with cgroup version 1"
            );
    }

    /// <summary>Has systemd make the cgroup with a process in it that does not run on yet, and sets its limits.</summary>
    /// <exception cref="LaunchException">systemd refuses, or the machine cannot limit what config.json limits</exception>
    public void StartScope(int pid)
    {
        scope!.Start(pid, resources);
        Limit();
    }

    /// <summary>Kills what is left in it and removes it. Idempotent.</summary>
    /// <exception cref="TimeoutException">a process does not die</exception>
    public void Remove()
    {
        Cgroup.Remove();
        scope?.Stop();
    }

    /// <summary>Sets other limits, all but those of devices.</summary>
    /// <exception cref="LaunchException">the machine cannot limit what is to be limited</exception>
    public void Update(LinuxResources limits)
    {
        Set(limits);
        scope?.Update(limits);
    }

    void Limit()
    {
        if (resources is null)
            return;
        Set(resources);
        DeviceFilter.Apply(Cgroup, DeviceRules.Of(resources));
    }

    void Set(LinuxResources limits)
    {
        SetKernelMemory(limits.Memory);
        if (limits.Memory is { CheckBeforeUpdate: true, Limit: > 0 and long most })
            RequireInUseBelow(most);
        IReadOnlyList<CgroupWrite> writes = CgroupWrites.Of(limits);
        for (int i = 0; i < writes.Count; i++)
        {
            // v1 wants memory <= memory + swap at every moment: which of the two goes first depends on what was set before.
            bool pair = writes[i].What == "memory.limit" && i + 1 < writes.Count && writes[i + 1].What == "memory.swap";
            if (pair && !TrySet(writes[i]))
            {
                Set(writes[i + 1]);
                Set(writes[i++]);
            }
            else if (!pair)
                Set(writes[i]);
        }
        foreach ((string file, string value) in limits.Unified ?? new Dictionary<string, string>())
            SetUnified(file, value);
    }

    /// <summary>Limits that kernels no longer have: as in runc no error, but said. Only version 1 still limits TCP buffers.</summary>
    void SetKernelMemory(LinuxMemory? memory)
    {
        if (memory?.Kernel > 0)
            Complaints.Warn("memory.kernel has no effect and is ignored: this kernel has no such limit");
        if (memory?.KernelTcp is not (> 0 and long bytes))
            return;
        if (Cgroup.Find("memory") is (_, false))
            Set(new CgroupWrite("memory.kernelTCP", "memory", ("memory.kmem.tcp.limit_in_bytes", $"{bytes}"), null));
        else
            Complaints.Warn("memory.kernelTCP has no effect and is ignored: cgroup version 2 has no such limit");
    }

    /// <summary>v1 refuses by itself what v2 would kill for.</summary>
    void RequireInUseBelow(long most)
    {
        if (
            Cgroup.Find("memory") is (var directory, true)
            && KernelFile.TryRead($"{directory}/memory.current") is { } text
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long inUse)
            && inUse > most
        )
            throw Cannot($"memory.limit to {most}", $"{inUse} bytes are in use");
    }

    bool TrySet(CgroupWrite write)
    {
        try
        {
            Set(write);
            return true;
        }
        catch (LaunchException e) when (e.InnerException is ErrnoException { Errno: Errno.EINVAL })
        {
            return false;
        }
    }

    void Set(CgroupWrite write)
    {
        (string Directory, bool IsV2)? place = Cgroup.Find(write.Controller);
        if (place is null && write.ControllerV2 != write.Controller)
            place = Cgroup.Find(write.ControllerV2);
        if (place is not var (directory, isV2))
            throw Cannot(write.What, $"this machine has no cgroup controller {write.Controller}");
        if ((isV2 ? write.V2 : write.V1) is not var (file, value))
            throw Cannot(write.What, "cgroup version 2 has no such limit");
        try
        {
            KernelFile.Write($"{directory}/{file}", value);
        }
        catch (ErrnoException e)
        {
            string why = e.Errno == Errno.ENOENT ? $"this kernel has no {file}" : $"{file}: {ErrnoText.Of(e.Errno)}";
            throw Cannot($"{write.What} to {value}", why, e);
        }
    }

    void SetUnified(string file, string value)
    {
        if (Cgroup.UnifiedDirectory is not string directory || file.Contains('/', StringComparison.Ordinal))
            throw Cannot($"unified {file}", "no cgroup version 2 on this machine");
        try
        {
            KernelFile.Write($"{directory}/{file}", value);
        }
        catch (ErrnoException e)
        {
            throw Cannot($"unified {file} to {value}", ErrnoText.Of(e.Errno), e);
        }
    }

    static LaunchException Cannot(string what, string why, Exception? cause = null) =>
        new(FailureKind.Other, $"cannot set {what}: {why}", cause);
}
