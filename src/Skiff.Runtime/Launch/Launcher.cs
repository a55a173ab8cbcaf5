// Runs a compiled plan: opens what it takes as inputs, clones, tells failures in the words of the user.
using Skiff.Linux;
using Skiff.Linux.Cgroups;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Tasks;

namespace Skiff.Runtime.Launch;

/// <summary>One launch. Owns the descriptors it hands to the child, and closes them afterwards.</summary>
internal sealed class Launcher : IDisposable
{
    readonly Dictionary<string, Fd> inputs = [];
    Fd? pidNamespace;
    Fd? unifiedCgroup;

    public void Dispose()
    {
        foreach (Fd fd in inputs.Values)
            fd.Dispose();
        pidNamespace?.Dispose();
        unifiedCgroup?.Dispose();
    }

    /// <summary>Launches the first process of a bundle.</summary>
    /// <param name="devpts">the container's own; stays the caller's</param>
    /// <param name="facts">without those of the mounts, which are found out here</param>
    /// <param name="gate">where it waits for its start; stays the caller's</param>
    /// <param name="createHooks">called with the child when it is time for them</param>
    /// <param name="joinScope">puts the child into its cgroup; null: it is born into it</param>
    public static LaunchedProcess Container(
        Bundle bundle,
        LaunchFacts facts,
        Cgroup cgroup,
        Fd? devpts,
        ProcessStdio stdio,
        Fd? gate,
        Action<SpawnedProcess>? createHooks,
        Action<SpawnedProcess>? joinScope = null
    )
    {
        using var launcher = new Launcher();
        SpecProcess process = bundle.Spec.Process! with { Terminal = stdio.Terminal };
        Spec spec = bundle.Spec with { Process = process };
        IdMaps? maps = IdMaps.Of(spec);
        Fd? users = IdMaps.OpenNamespace(spec);
        if (users is not null)
            launcher.Add(LaunchInputs.NamespaceName("user"), users);
        Fd root = launcher.Add("root", Mounting("the root filesystem", "/", () => ParentMounts.Root(bundle, users)));
        if (joinScope is null)
            launcher.AddCgroups(cgroup);
        launcher.AddNamespaces(spec);
        facts = facts with { Mounts = launcher.AddMounts(bundle with { Spec = spec }, root, devpts, users) };
        ParentMounts.PrepareDirectory(root, spec, process.Cwd);
        if (gate is not null)
            launcher.Add(LaunchInputs.GateName, Fd.CopyOf(gate.Number));
        facts = facts with { WaitsForStart = gate is not null, JoinsScope = joinScope is not null };
        return launcher.Run(
            PlanCompiler.Container(spec, facts),
            stdio,
            maps?.Uid(process.User.Uid) ?? process.User.Uid,
            (point, child) => (point == PlanCompiler.JoinScope ? joinScope : createHooks)?.Invoke(child)
        );
    }

    /// <summary>Launches a further process in a running container.</summary>
    /// <param name="init">its first process; stays the caller's</param>
    public static LaunchedProcess Exec(
        Spec spec,
        SpecProcess process,
        LaunchFacts facts,
        Cgroup cgroup,
        Fd init,
        ProcessStdio stdio
    )
    {
        using var launcher = new Launcher();
        process = process with { Terminal = stdio.Terminal };
        launcher.AddCgroups(cgroup);
        launcher.Add("init", Fd.CopyOf(init.Number));
        if (PlanCompiler.AllOf(spec.Linux ?? new LinuxSpec()).HasFlag(NamespaceKinds.Pid))
            launcher.pidNamespace = Fd.CopyOf(init.Number);
        uint uid = IdMaps.Of(spec)?.Uid(process.User.Uid) ?? process.User.Uid;
        return launcher.Run(PlanCompiler.Exec(spec, process, facts), stdio, uid);
    }

    /// <summary>Launches a program in all namespaces of a running process, with our rights: a hook.</summary>
    /// <param name="init">stays the caller's, as does <paramref name="input"/></param>
    public static LaunchedProcess Inside(
        Spec spec,
        Fd init,
        int input,
        int output,
        IReadOnlyList<string> arguments,
        string path,
        IReadOnlyList<string> environment
    )
    {
        using var launcher = new Launcher();
        launcher.Add("init", Fd.CopyOf(init.Number));
        NamespaceKinds kinds = PlanCompiler.AllOf(spec.Linux ?? new LinuxSpec());
        if (kinds.HasFlag(NamespaceKinds.Pid))
            launcher.pidNamespace = Fd.CopyOf(init.Number);
        CompiledLaunch compiled = PlanCompiler.Hook(kinds, path, arguments, environment);
        return launcher.Run(compiled, new ProcessStdio(input, output, output, Terminal: false), uid: 0);
    }

    LaunchedProcess Run(CompiledLaunch compiled, ProcessStdio stdio, uint uid, Action<byte, SpawnedProcess>? meet = null)
    {
        using var copies = new StdioCopies(stdio, uid);
        LaunchPlan plan = compiled.Plan;
        int[] numbers = new int[plan.Inputs.Count];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = plan.Inputs[i] switch
            {
                "stdin" => copies.Stdin.Number,
                "stdout" => copies.Stdout.Number,
                "stderr" => copies.Stderr.Number,
                LaunchPlan.LauncherName or LaunchPlan.LaunchersEndName => -1, // the spawner's own
                string name => inputs[name].Number,
            };
        SpawnedProcess process = Spawner.Start(plan, numbers, compiled.NewNamespaces, pidNamespace, unifiedCgroup, meet);
        // Our child: until it is reaped its number is its own, so the stat is its own too.
        return new LaunchedProcess(process.Pid, process.Pidfd, ProcessStat.StartTicks(process.Pid) ?? 0);
    }

    Fd Add(string name, Fd fd) => inputs[name] = fd;

    void AddCgroups(Cgroup cgroup)
    {
        unifiedCgroup = cgroup.OpenUnified();
        IReadOnlyList<Fd> tasks = cgroup.OpenTasks();
        for (int i = 0; i < tasks.Count; i++)
            Add(LaunchInputs.CgroupName(i), tasks[i]);
    }

    void AddNamespaces(Spec spec)
    {
        foreach (LinuxNamespace ns in spec.Linux?.Namespaces ?? [])
        {
            if (ns.Path is null or "" || ns.Type == "user") // which is opened before the mounts
                continue;
            Fd file = NamespaceFile.Open(ns.Path);
            if (ns.Type == "pid")
                pidNamespace = file;
            else
                Add(LaunchInputs.NamespaceName(ns.Type), file);
        }
    }

    MountFacts[] AddMounts(Bundle bundle, Fd root, Fd? devpts, Fd? users)
    {
        Spec spec = bundle.Spec;
        IReadOnlyList<SpecMount> mounts = spec.Mounts ?? [];
        var facts = new MountFacts[mounts.Count];
        for (int i = 0; i < facts.Length; i++)
        {
            SpecMount mount = mounts[i];
            if (mount.Destination == "/")
                continue;
            facts[i] = Mounting(
                mount.Source ?? mount.Type ?? "",
                mount.Destination,
                () =>
                {
                    bool isFile = false;
                    if (LaunchInputs.IsTerminals(spec, mount))
                        Add(LaunchInputs.MountName(i), Fd.CopyOf(devpts!.Number));
                    else if (LaunchInputs.IsBind(mount))
                    {
                        Fd bound = Add(LaunchInputs.MountName(i), ParentMounts.Bind(bundle, mount, users));
                        isFile = !Directory.Exists(bound.ProcPath);
                    }
                    else if (LaunchInputs.IsCopyUp(mount))
                        Add(LaunchInputs.MountName(i), ParentMounts.CopiedUp(spec, root, mount));
                    return new MountFacts(isFile, ParentMounts.Prepare(root, bundle.Spec, mount, isFile));
                }
            );
        }
        return facts;
    }

    /// <summary>Says what was mounted where, if it fails.</summary>
    static T Mounting<T>(string source, string destination, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ErrnoException e)
        {
            string words = $"mount {source} on {destination}: {e.Call} {e.Subject}: {ErrnoText.Of(e.Errno)}";
            throw new LaunchException(FailureKind.Other, words, e);
        }
    }
}
