// The five capability sets of a process, as steps of a plan.
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;

namespace Skiff.Runtime.Security;

/// <summary>
/// capabilities(7). Absent sets are empty. What the kernel does not know or this process does not have cannot be given
/// and is left out: a privileged container in a machine that lacks some itself.
/// </summary>
internal sealed class CapabilityPlan(LaunchPlan plan, LinuxCapabilities? sets, LaunchFacts facts)
{
    /// <summary>First, because it needs CAP_SETPCAP.</summary>
    public void LimitBoundingSet()
    {
        ulong bounding = Bits(sets?.Bounding);
        for (int capability = 0; capability <= facts.LastCapability; capability++)
        {
            if ((bounding >> capability & 1) == 0)
                plan.DropFromBoundingSet(capability, Capabilities.NameOf(capability));
        }
    }

    /// <summary>After the change of user, which must have kept the permitted set.</summary>
    public void SetOthers()
    {
        plan.SetCapabilities(Bits(sets?.Effective), Bits(sets?.Permitted), Bits(sets?.Inheritable));
        plan.ClearAmbient();
        ulong ambient = Bits(sets?.Ambient);
        for (int capability = 0; capability <= facts.LastCapability; capability++)
        {
            if ((ambient >> capability & 1) == 1)
                plan.RaiseAmbient(capability, Capabilities.NameOf(capability));
        }
    }

    ulong Bits(IReadOnlyList<string>? names)
    {
        ulong bits = 0;
        foreach (string name in names ?? [])
        {
            if (Capabilities.TryParse(name) is int number)
                bits |= 1UL << number;
        }
        return bits & facts.PermittedCapabilities & (ulong.MaxValue >> (63 - facts.LastCapability));
    }
}
