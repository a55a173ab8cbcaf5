// The descriptors that a launch hands to its child, by name.
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

/// <summary>Registers for what the parent opens. The names are the contract between compiler and launcher.</summary>
internal sealed class LaunchInputs
{
    LaunchInputs(LaunchPlan plan)
    {
        Stdin = plan.Input("stdin");
        Stdout = plan.Input("stdout");
        Stderr = plan.Input("stderr");
    }

    public Register Stdin { get; }
    public Register Stdout { get; }
    public Register Stderr { get; }

    /// <summary>The detached root filesystem.</summary>
    public Register Root { get; private set; }

    /// <summary>The running container's first process, to enter its namespaces.</summary>
    public Register Init { get; private set; }

    /// <summary>The FIFO that tells the container to start; null if it does not wait.</summary>
    public Register? Gate { get; private set; }

    /// <summary>The tasks file of each v1 hierarchy. The child is born into its v2 cgroup.</summary>
    public IReadOnlyList<Register> Cgroups { get; private set; } = [];

    /// <summary>Namespaces to join, by kind as config.json names it; not pid, which the parent enters.</summary>
    public IReadOnlyDictionary<string, Register> Namespaces { get; private set; } = new Dictionary<string, Register>();

    /// <summary>Mounts that the parent has made, by their index in config.json: bind mounts, the devpts, and tmpfs with content.</summary>
    public IReadOnlyDictionary<int, Register> Mounts { get; private set; } = new Dictionary<int, Register>();

    /// <summary>Where the user namespace is entered from: its file, or the first process; null if there is none.</summary>
    public Register? User { get; private set; }

    public const string GateName = "gate";

    public static string CgroupName(int index) => $"cgroup{index}";

    public static string NamespaceName(string type) => $"{type}-namespace";

    public static string MountName(int index) => $"mount{index}";

    public static LaunchInputs OfContainer(LaunchPlan plan, Spec spec, LaunchFacts facts)
    {
        var inputs = new LaunchInputs(plan) { Root = plan.Input("root") };
        inputs.Cgroups = [.. Enumerable.Range(0, facts.Hierarchies.Count(h => !h.IsV2)).Select(i => plan.Input(CgroupName(i)))];
        inputs.Namespaces = (spec.Linux?.Namespaces ?? [])
            .Where(n => n.Path is { Length: > 0 } && n.Type is not ("pid" or "user"))
            .ToDictionary(n => n.Type, n => plan.Input(NamespaceName(n.Type)));
        if (IdMaps.HasUserNamespace(spec.Linux))
            inputs.User = plan.Input(NamespaceName("user"));
        if (facts.WaitsForStart || facts.JoinsScope || HasCreateHooks(spec))
            plan.AddLauncher();
        if (facts.WaitsForStart)
            inputs.Gate = plan.Input(GateName);
        inputs.Mounts = Enumerable
            .Range(0, spec.Mounts?.Count ?? 0)
            .Where(i => IsMadeByParent(spec, spec.Mounts![i]))
            .ToDictionary(i => i, i => plan.Input(MountName(i)));
        return inputs;
    }

    public static LaunchInputs OfExec(LaunchPlan plan, LaunchFacts facts, bool user = false)
    {
        var inputs = new LaunchInputs(plan) { Init = plan.Input("init") };
        inputs.Cgroups = [.. Enumerable.Range(0, facts.Hierarchies.Count(h => !h.IsV2)).Select(i => plan.Input(CgroupName(i)))];
        inputs.User = user ? inputs.Init : null;
        return inputs;
    }

    /// <summary>There are hooks to run while the container is made.</summary>
    public static bool HasCreateHooks(Spec spec) =>
        spec.Hooks is { } hooks
        && (hooks.Prestart is { Count: > 0 } || hooks.CreateRuntime is { Count: > 0 } || hooks.CreateContainer is { Count: > 0 });

    /// <summary>Bind mounts come from the host's tree; a terminal is opened in its devpts before anything runs.</summary>
    public static bool IsMadeByParent(Spec spec, SpecMount mount) =>
        mount.Destination != "/" && (IsTerminals(spec, mount) || IsBind(mount) || IsCopyUp(mount));

    /// <summary>A tmpfs that begins with what it covers.</summary>
    public static bool IsCopyUp(SpecMount mount) => mount.Type == "tmpfs" && mount.Options?.Contains("tmpcopyup") == true;

    /// <summary>The devpts that the terminal of the first process is in.</summary>
    public static bool IsTerminals(Spec spec, SpecMount mount) =>
        spec.Process!.Terminal && mount is { Type: "devpts", Destination: "/dev/pts" };

    public static bool IsBind(SpecMount mount) => mount.Type == "bind" || mount.Options?.Any(o => o is "bind" or "rbind") == true;
}
