// The file system part of a plan: everything mounted below the new root, which then becomes the root.
using Skiff.Linux;
using Skiff.Linux.Mounts;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Security;

namespace Skiff.Runtime.Launch;

/// <summary>
/// All mounts are made detached and attached to places that were opened inside the new root, so no symbolic link of
/// an image is ever followed on the host. Bind mounts, the root and the devpts are made by the parent: inputs.
/// </summary>
internal sealed class RootfsPlan(LaunchPlan plan, Spec spec, LaunchFacts facts, LaunchInputs inputs)
{
    readonly LinuxSpec linux = spec.Linux ?? new LinuxSpec();

    /// <summary>Puts the root in place, in a mount namespace that no longer hears from the host's.</summary>
    public void EnterRoot()
    {
        plan.ChangeMount(
            "/",
            new MountChange(default, default, MountPropagation.Private),
            recursive: true,
            "make the host's mounts private"
        );
        plan.Attach(inputs.Root, facts.AttachPoint, "attach the root filesystem");
    }

    /// <summary>The mounts of config.json in their order. Returns the proc mount if there is one.</summary>
    public Register? Mounts()
    {
        Register? proc = null;
        IReadOnlyList<SpecMount> mounts = spec.Mounts ?? [];
        for (int i = 0; i < mounts.Count; i++)
        {
            SpecMount mount = mounts[i];
            if (mount.Destination == "/")
                continue; // the root itself, which the parent has made
            MountOptions options = MountOptions.Parse(mount.Destination, mount.Options ?? []);
            string what = $"mount {mount.Source ?? mount.Type} on {mount.Destination}";
            if (LaunchInputs.IsTerminals(spec, mount))
                AttachAt(inputs.Mounts[i], mount, directory: true, what); // made by the parent, flags and all
            else if (inputs.Mounts.TryGetValue(i, out Register made))
                Bind(made, mount, options, facts.Mounts[i].SourceIsFile, what);
            else if (mount.Type == "cgroup")
                new CgroupMountPlan(plan, facts, inputs).Mount(mount, options, HasNew("cgroup"), what);
            else
            {
                Register filesystem = Filesystem(mount, options, facts.Mounts[i].TargetMode, what);
                if (mount.Type == "proc")
                    proc = filesystem;
                else
                    plan.Close(filesystem);
            }
        }
        return proc;
    }

    public void ReadonlyPaths()
    {
        foreach (string path in linux.ReadonlyPaths ?? [])
        {
            string what = $"make {path} read-only";
            plan.Optional(
                inputs.Root,
                path,
                what,
                place =>
                {
                    Register copy = plan.CloneMount(place, recursive: true, what);
                    plan.ChangeMount(copy, new MountChange(MountFlags.ReadOnly), recursive: true, what);
                    plan.Attach(copy, place, what);
                    plan.Close(copy);
                    plan.Close(place);
                }
            );
        }
    }

    /// <summary>The last touches, which would stand in the way of the others; then the new root is the root.</summary>
    public void LeaveHost()
    {
        plan.PivotRoot(inputs.Root);
        if (spec.Root!.Readonly)
            plan.ChangeMount("/", new MountChange(MountFlags.ReadOnly), recursive: false, "make the root read-only");
        if (linux.RootfsPropagation is { Length: > 0 } word)
        {
            // The mounts of the container are new and private: only sharing has to be asked for.
            var change = new MountChange(default, default, MountOptions.PropagationOf(word.TrimStart('r')));
            plan.ChangeMount("/", change, recursive: word.StartsWith('r'), $"set rootfsPropagation {word}");
        }
    }

    /// <summary>sysctl(8) through a proc of our own, where no path of the container can be in the way.</summary>
    public void Sysctls(Register proc)
    {
        foreach ((string key, string value) in linux.Sysctl ?? new Dictionary<string, string>())
            plan.WriteFile(proc, "sys/" + SysctlPath(key), value, $"set sysctl {key}");
    }

    void Bind(Register made, SpecMount mount, MountOptions options, bool sourceIsFile, string what)
    {
        if (!options.Change.IsNothing)
            plan.ChangeMount(made, options.Change, recursive: false, what);
        if (!options.Recursive.IsNothing)
            plan.ChangeMount(made, options.Recursive, recursive: true, what);
        // A copy of a shared mount is shared: a mount inside would appear on the host. If nothing is said, runc's rslave.
        bool said = options.Propagation != MountPropagation.Unchanged;
        var propagation = new MountChange(default, default, said ? options.Propagation : MountPropagation.Slave);
        plan.ChangeMount(made, propagation, recursive: !said || options.PropagationRecursive, what);
        AttachAt(made, mount, directory: !sourceIsFile, what);
    }

    Register Filesystem(SpecMount mount, MountOptions options, uint? targetMode, string what)
    {
        IReadOnlyList<string> data = options.Data;
        if (mount.Type == "tmpfs" && targetMode is uint mode && !data.Any(d => d.StartsWith("mode=", StringComparison.Ordinal)))
            data = [.. data, $"mode={Convert.ToString(mode, 8)}"]; // as the directory it covers
        data = IdMaps.Of(spec)?.Data(mount.Type!, data) ?? data;
        data = Lsm.WithLabel(data, mount.Type!, linux.MountLabel);
        Register filesystem = plan.NewMount(mount.Type!, mount.Source, data, options.Change.Set, what);
        if (options.Propagation is MountPropagation.Shared or MountPropagation.Unbindable)
            plan.ChangeMount(filesystem, new MountChange(default, default, options.Propagation), recursive: false, what);
        AttachAt(filesystem, mount, directory: true, what);
        return filesystem;
    }

    void AttachAt(Register made, SpecMount mount, bool directory, string what)
    {
        Register place = plan.OpenOrMake(inputs.Root, mount.Destination, directory, what);
        plan.Attach(made, place, what);
        plan.Close(place);
    }

    bool HasNew(string type) => linux.Namespaces?.Any(n => n.Type == type && n.Path is null or "") == true;

    /// <summary>Dots separate, unless a slash comes first: then dots are part of names. sysctl(8).</summary>
    internal static string SysctlPath(string key)
    {
        int first = key.IndexOfAny(['.', '/']);
        if (first < 0 || key[first] == '/')
            return key;
        return string.Create(
            key.Length,
            key,
            (path, from) =>
            {
                for (int i = 0; i < path.Length; i++)
                    path[i] = from[i] switch
                    {
                        '.' => '/',
                        '/' => '.',
                        char c => c,
                    };
            }
        );
    }
}
