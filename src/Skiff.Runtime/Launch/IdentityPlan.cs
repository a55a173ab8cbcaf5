// The process part of a plan: from root of the host with all rights to the user of config.json with few, then execve.
using Skiff.Linux.Namespaces;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Security;

namespace Skiff.Runtime.Launch;

internal sealed class IdentityPlan(
    LaunchPlan plan,
    SpecProcess process,
    LaunchFacts facts,
    LaunchInputs inputs,
    bool init = false
)
{
    const uint DefaultUmask = 0x12; // 022

    /// <summary>Descriptors, session, terminal, scheduling.</summary>
    public void Surroundings(bool terminal)
    {
        if (facts.NewKeyring)
            plan.NewKeyring();
        plan.NewSession();
        plan.Duplicate(inputs.Stdin, 0);
        plan.Duplicate(inputs.Stdout, 1);
        plan.Duplicate(inputs.Stderr, 2);
        if (terminal && !init) // else the program takes it, in a session of its own
            plan.ControlTerminal(0);
        SchedulingPlan.Of(plan, process);
        plan.CloseAtExecFrom(3 + facts.PreservedDescriptors);
    }

    /// <summary>
    /// The working directory, looked up below the root without magic links: /proc/self/fd/N could be a directory of
    /// the host's. As root, since the user may have no way to it that root has not.
    /// </summary>
    /// <param name="make">if it is missing, as Docker does when a container starts</param>
    public void WorkingDirectory(Register root, bool make)
    {
        string what = $"chdir to cwd (\"{process.Cwd}\") set in config.json failed";
        Register directory = make
            ? plan.OpenOrMake(root, process.Cwd, directory: true, what)
            : plan.Open(root, process.Cwd, directory: true, what);
        plan.ChangeDirectory(directory, what);
    }

    /// <summary>Rights and user, in the only order that works, then the program.</summary>
    public void Become(uint seccompFlags)
    {
        // From here on nothing is opened: RLIMIT_NOFILE may be below the numbers of the files in use.
        foreach (SpecRlimit limit in process.Rlimits ?? [])
            plan.SetLimit(Rlimits.TryParse(limit.Type)!.Value, limit.Soft, limit.Hard, limit.Type);
        var capabilities = new CapabilityPlan(plan, process.Capabilities, facts);
        plan.SetUmask(process.User.Umask ?? DefaultUmask);
        if (inputs.User is Register user)
            plan.Enter(user, NamespaceKinds.User, "join the user namespace");
        capabilities.LimitBoundingSet();
        // Loading a filter takes CAP_SYS_ADMIN or no_new_privs: with the former early, with the latter as late as can be,
        // so that the filter need not allow what is done here.
        if (!process.NoNewPrivileges)
            LoadSeccomp(seccompFlags);
        plan.KeepCapabilities();
        plan.SetUser(process.User.Uid, process.User.Gid, process.User.AdditionalGids ?? []);
        capabilities.SetOthers();
        if (!init)
            plan.ResetSignals();
        if (inputs.Gate is Register gate)
        {
            plan.CheckProgram(process.Args![0], SearchPath());
            plan.AwaitRelease(gate, "wait for the start");
        }
        if (process.NoNewPrivileges)
        {
            plan.NoNewPrivileges();
            LoadSeccomp(seccompFlags);
        }
        if (init)
            LeaveInit();
        plan.Execute(process.Args!, process.Env ?? [], SearchPath());
    }

    /// <summary>As late as can be: the init has the user and the filter of the program.</summary>
    void LeaveInit()
    {
        plan.LeaveInit();
        plan.NewSession();
        if (process.Terminal)
            plan.ControlTerminal(0);
        plan.ResetSignals();
    }

    void LoadSeccomp(uint flags)
    {
        if (facts.SeccompFilter is not null)
            plan.LoadSeccomp(facts.SeccompFilter, flags);
    }

    /// <summary>The last PATH counts, as for a program that reads its environment into a table.</summary>
    string? SearchPath() => process.Env?.LastOrDefault(e => e.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..];
}
