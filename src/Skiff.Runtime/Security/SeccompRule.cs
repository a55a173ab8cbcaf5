// One rule of a seccomp profile for one number of a call.
using Skiff.Linux.Seccomp;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Security;

/// <param name="Action">SECCOMP_RET_* with its data</param>
/// <param name="Conditions">all must hold; none: always</param>
internal sealed record SeccompRule(uint Action, IReadOnlyList<LinuxSeccompArg> Conditions)
{
    /// <summary>linux/seccomp.h: from SECCOMP_RET_LOG up to SECCOMP_RET_ALLOW the call happens.</summary>
    bool Refuses => Action is < 0x7ffc0000 or > 0x7fffffff;

    /// <summary>What one name of a profile means on an architecture: nothing if it has no such call.</summary>
    internal static IEnumerable<(uint Number, SeccompRule Rule)> Of(
        SyscallTable table,
        string name,
        uint action,
        IReadOnlyList<LinuxSeccompArg> conditions
    )
    {
        if (table.Find(name) is { } number)
            foreach (var alternative in Alternatives(conditions))
                yield return (number, new SeccompRule(action, alternative));
        // A call that is refused must be refused by its back door too. There its arguments are behind a pointer, out of
        // a filter's sight: conditions are left out of refusals, and nothing is allowed that could only be so with them.
        if (table.FindMultiplexed(name) is not { } door)
            yield break;
        var hidden = new SeccompRule(action, [Is(door.Call)]);
        if (conditions.Count == 0 || hidden.Refuses)
            yield return (door.Number, hidden);
    }

    /// <summary>
    /// libseccomp takes one condition for each argument; where a profile has two for one, runc reads all of them as
    /// alternatives, and profiles rely on it.
    /// </summary>
    static IEnumerable<IReadOnlyList<LinuxSeccompArg>> Alternatives(IReadOnlyList<LinuxSeccompArg> conditions) =>
        conditions.DistinctBy(c => c.Index).Count() == conditions.Count
            ? [conditions]
            : conditions.Select(c => (IReadOnlyList<LinuxSeccompArg>)[c]);

    static LinuxSeccompArg Is(uint call) =>
        new()
        {
            Index = 0,
            Op = "SCMP_CMP_MASKED_EQ",
            Value = 0xffff, // ipc(2) has a version above
            ValueTwo = call,
        };
}
