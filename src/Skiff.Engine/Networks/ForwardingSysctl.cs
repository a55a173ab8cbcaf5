// The host's switch for forwarding packets between interfaces: ip-sysctl, net.ipv4.ip_forward.
using Skiff.Engine.Storage;
using Skiff.Linux;

namespace Skiff.Engine.Networks;

/// <summary>Switched on when needed and journaled with what it was.</summary>
internal sealed class ForwardingSysctl(Journal journal)
{
    const string Owner = "engine";
    const string Path = "/proc/sys/net/ipv4/ip_forward";
    static readonly JournalEntry Entry = new(Owner, ResourceKind.Sysctl, "net.ipv4.ip_forward=0");

    /// <summary>True if it was off before.</summary>
    internal bool SwitchOn()
    {
        if (KernelFile.Read(Path).Trim() == "1")
            return false;
        journal.Take(Entry);
        KernelFile.Write(Path, "1");
        return true;
    }

    /// <summary>Switches it off if this engine switched it on, unless another engine needs it now.</summary>
    internal void GiveBack(bool neededByOthers)
    {
        if (!journal.Of(Owner).Contains(Entry))
            return;
        if (!neededByOthers)
            KernelFile.Write(Path, "0");
        journal.Strike(Entry);
    }
}
