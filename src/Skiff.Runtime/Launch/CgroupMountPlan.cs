// The mount of type "cgroup": one file system in v2, a directory of them in v1.
using Skiff.Linux.Cgroups;
using Skiff.Linux.Mounts;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

internal sealed class CgroupMountPlan(LaunchPlan plan, LaunchFacts facts, LaunchInputs inputs)
{
    /// <summary>
    /// In a cgroup namespace of its own the container's cgroup is the root of what it mounts; in the host's namespace
    /// v1 hierarchies are bound, each from the container's own directory.
    /// </summary>
    public void Mount(SpecMount mount, MountOptions options, bool ownNamespace, string what)
    {
        Register place = plan.OpenOrMake(inputs.Root, mount.Destination, directory: true, what);
        if (facts.Hierarchies is [{ IsV2: true }])
        {
            Register unified = plan.NewMount("cgroup2", "cgroup", [], options.Change.Set, what);
            plan.Attach(unified, place, what);
            plan.Close(unified);
            plan.Close(place);
            return;
        }
        MountFlags flags = options.Change.Set;
        Register top = plan.NewMount("tmpfs", "cgroup", ["mode=755"], flags & ~MountFlags.ReadOnly, what);
        plan.Attach(top, place, what);
        plan.Close(place);
        if (ownNamespace)
            plan.ChangeDirectory(top, what);
        for (int i = 0; i < facts.Hierarchies.Count; i++)
        {
            CgroupHierarchy hierarchy = facts.Hierarchies[i];
            string name = Path.GetFileName(hierarchy.MountPoint);
            string each = $"mount cgroup {name} on {mount.Destination}/{name}";
            if (ownNamespace)
                plan.MountHere(
                    hierarchy.IsV2 ? "cgroup2" : "cgroup",
                    name,
                    hierarchy.IsV2 ? "" : hierarchy.MountData,
                    flags,
                    each
                );
            else
                BindHierarchy(top, facts.CgroupDirectories[i], name, flags, each);
            foreach (string controller in hierarchy.IsV2 ? [] : hierarchy.Controllers)
            {
                if (controller != name)
                    plan.MakeLink(top, controller, name, each);
            }
        }
        if (flags.HasFlag(MountFlags.ReadOnly))
            plan.ChangeMount(top, new MountChange(MountFlags.ReadOnly), recursive: false, what);
        plan.Close(top);
    }

    void BindHierarchy(Register top, string directory, string name, MountFlags flags, string what)
    {
        Register bound = plan.CloneHostMount(directory, what);
        plan.ChangeMount(bound, new MountChange(flags, default, MountPropagation.Private), recursive: false, what);
        Register place = plan.OpenOrMake(top, name, directory: true, what);
        plan.Attach(bound, place, what);
        plan.Close(bound);
        plan.Close(place);
    }
}
