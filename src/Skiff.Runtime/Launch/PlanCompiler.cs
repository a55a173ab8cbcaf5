// config.json -> launch plan. Pure: the same input gives the same plan, and nothing is touched.
using System.Globalization;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Security;

namespace Skiff.Runtime.Launch;

/// <param name="NewNamespaces">what the clone itself must make; a cgroup namespace is made later, by the plan</param>
internal sealed record CompiledLaunch(LaunchPlan Plan, NamespaceKinds NewNamespaces);

internal static class PlanCompiler
{
    /// <summary>Where the launch meets its launcher: everything is mounted, the root is not yet the root.</summary>
    public const byte CreateHooks = 1;

    /// <summary>The same, before anything else: the launcher has systemd put it into its cgroup.</summary>
    public const byte JoinScope = 2;

    /// <summary>The plan of a container's first process.</summary>
    public static CompiledLaunch Container(Spec spec, LaunchFacts facts)
    {
        SpecProcess process = spec.Process!;
        LinuxSpec linux = spec.Linux ?? new LinuxSpec();
        var plan = new LaunchPlan();
        LaunchInputs inputs = LaunchInputs.OfContainer(plan, spec, facts);
        var rootfs = new RootfsPlan(plan, spec, facts, inputs);
        var identity = new IdentityPlan(plan, process, facts, inputs, SpecExtensions.WantsInit(spec));
        bool terminal = process.Terminal;

        if (facts.JoinsScope)
            plan.Meet(JoinScope, "join systemd's scope");
        else
            JoinCgroups(plan, facts, inputs);
        SetOomScore(plan, process);
        foreach ((string type, Register file) in inputs.Namespaces)
            plan.Enter(file, KindOf(type), $"join the {type} namespace");
        if (NewOf(linux).HasFlag(NamespaceKinds.Time))
            MakeTimeNamespace(plan, linux);
        if (NewOf(linux).HasFlag(NamespaceKinds.Cgroup)) // now that it is in its cgroup: that becomes the root
            plan.Unshare(NamespaceKinds.Cgroup, "make a cgroup namespace");

        plan.SetUmask(0);
        rootfs.EnterRoot();
        Register? proc = rootfs.Mounts();
        new DevicePlan(plan, spec, inputs).Devices(terminal);
        if (spec.Hostname is { Length: > 0 } hostname)
            plan.SetHostname(hostname);
        if (spec.Domainname is { Length: > 0 } domainname)
            plan.SetDomainname(domainname);
        proc ??= plan.NewMount("proc", "proc", [], default, "make a proc for set-up");
        rootfs.Sysctls(proc.Value);
        rootfs.ReadonlyPaths();
        MaskedPaths.Plan(plan, inputs.Root, linux.MaskedPaths ?? []);
        if (LaunchInputs.HasCreateHooks(spec))
            plan.Meet(CreateHooks, "hooks");
        rootfs.LeaveHost();

        if (linux.Personality is { } personality)
            plan.SetPersonality(SchedulingPlan.Persona(personality));
        identity.Surroundings(terminal);
        identity.WorkingDirectory(inputs.Root, make: true);
        Lsm.Plan(plan, proc.Value, process);
        identity.Become(SeccompFlags(linux.Seccomp));
        return new CompiledLaunch(plan, NewOf(linux) & ~(NamespaceKinds.Cgroup | NamespaceKinds.User | NamespaceKinds.Time));
    }

    /// <summary>The plan of a further process. The parent has entered the pid namespace; the clone makes none.</summary>
    public static CompiledLaunch Exec(Spec spec, SpecProcess process, LaunchFacts facts)
    {
        LinuxSpec linux = spec.Linux ?? new LinuxSpec();
        var plan = new LaunchPlan();
        LaunchInputs inputs = LaunchInputs.OfExec(plan, facts, IdMaps.HasUserNamespace(linux));
        var identity = new IdentityPlan(plan, process, facts, inputs);

        SchedulingPlan.Affinity(plan, process.ExecCpuAffinity?.Initial);
        JoinCgroups(plan, facts, inputs);
        SchedulingPlan.Affinity(plan, process.ExecCpuAffinity?.Final);
        SetOomScore(plan, process);
        Register proc = default;
        if (Lsm.IsAsked(process))
            proc = plan.OpenHostDirectory("/proc");
        plan.Enter(inputs.Init, AllOf(linux) & ~(NamespaceKinds.Pid | NamespaceKinds.User), "join the container's namespaces");
        if (linux.Personality is { } personality)
            plan.SetPersonality(SchedulingPlan.Persona(personality));
        identity.Surroundings(process.Terminal);
        identity.WorkingDirectory(plan.OpenHostDirectory("/"), make: false);
        Lsm.Plan(plan, proc, process);
        identity.Become(SeccompFlags(linux.Seccomp));
        return new CompiledLaunch(plan, NamespaceKinds.None);
    }

    /// <summary>The plan of a hook that runs in the namespaces of a container, at its root.</summary>
    public static CompiledLaunch Hook(
        NamespaceKinds kinds,
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment
    )
    {
        var plan = new LaunchPlan();
        LaunchInputs inputs = LaunchInputs.OfExec(plan, new LaunchFacts { AttachPoint = "/" });
        plan.Enter(inputs.Init, kinds & ~(NamespaceKinds.Pid | NamespaceKinds.User), "join the container's namespaces");
        plan.NewSession();
        plan.Duplicate(inputs.Stdin, 0);
        plan.Duplicate(inputs.Stdout, 1);
        plan.Duplicate(inputs.Stderr, 2);
        plan.CloseAtExecFrom(3);
        plan.ResetSignals();
        plan.ExecutePath(path, arguments, environment);
        return new CompiledLaunch(plan, NamespaceKinds.None);
    }

    /// <summary>The namespaces of a container that are not the host's.</summary>
    public static NamespaceKinds AllOf(LinuxSpec linux) => Collect(linux, _ => true);

    static NamespaceKinds NewOf(LinuxSpec linux) => Collect(linux, n => n.Path is null or "");

    static NamespaceKinds Collect(LinuxSpec linux, Func<LinuxNamespace, bool> choose) =>
        (linux.Namespaces ?? []).Where(choose).Aggregate(NamespaceKinds.None, (kinds, n) => kinds | KindOf(n.Type));

    static NamespaceKinds KindOf(string type) =>
        type switch
        {
            "mount" => NamespaceKinds.Mount,
            "pid" => NamespaceKinds.Pid,
            "network" => NamespaceKinds.Network,
            "ipc" => NamespaceKinds.Ipc,
            "uts" => NamespaceKinds.Uts,
            "cgroup" => NamespaceKinds.Cgroup,
            "user" => NamespaceKinds.User,
            "time" => NamespaceKinds.Time,
            _ => throw new ArgumentException($"there is no {type} namespace", nameof(type)),
        };

    static void JoinCgroups(LaunchPlan plan, LaunchFacts facts, LaunchInputs inputs)
    {
        int next = 0;
        for (int i = 0; i < facts.Hierarchies.Count; i++)
        {
            if (!facts.Hierarchies[i].IsV2)
                plan.JoinCgroup(inputs.Cgroups[next++], $"join cgroup {facts.CgroupDirectories[i]}");
        }
    }

    /// <summary>
    /// Who unshares a time namespace is in it from execve(2) on, and until then can set its clocks: time_namespaces(7).
    /// Through the host's proc, as below.
    /// </summary>
    static void MakeTimeNamespace(LaunchPlan plan, LinuxSpec linux)
    {
        plan.Unshare(NamespaceKinds.Time, "make a time namespace");
        if (linux.TimeOffsets is { Count: > 0 } offsets)
            plan.WriteFile(
                "/proc/self/timens_offsets",
                string.Concat(
                    offsets.Select(o =>
                        string.Create(CultureInfo.InvariantCulture, $"{o.Key} {o.Value.Secs} {o.Value.Nanosecs}\n")
                    )
                ),
                "set linux.timeOffsets"
            );
    }

    /// <summary>Through the host's proc, before the mount namespace is another.</summary>
    static void SetOomScore(LaunchPlan plan, SpecProcess process)
    {
        if (process.OomScoreAdj is int score)
            plan.WriteFile("/proc/self/oom_score_adj", score.ToString(CultureInfo.InvariantCulture), "set oomScoreAdj");
    }

    /// <summary>seccomp(2), SECCOMP_FILTER_FLAG_*.</summary>
    static uint SeccompFlags(LinuxSeccomp? seccomp)
    {
        uint flags = 0u;
        foreach (string flag in seccomp?.Flags ?? [])
            flags |= flag switch
            {
                "SECCOMP_FILTER_FLAG_TSYNC" => 1u,
                "SECCOMP_FILTER_FLAG_LOG" => 2u,
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => 4u,
                _ => throw new LaunchException(Tasks.FailureKind.Other, $"not supported by this runtime: seccomp flag {flag}"),
            };
        return flags;
    }
}
