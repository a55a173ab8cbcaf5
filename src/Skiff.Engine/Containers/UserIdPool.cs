// Which users of the host a container's are: --userns, and the engine's --userns-remap.
using Skiff.Engine.Bundles;

namespace Skiff.Engine.Containers;

/// <summary>
/// Ranges of 65536 for --userns=auto, one to a container, kept in its record. From 0x70000000 up, where neither users nor
/// other engines have theirs. On disk, files keep the ids they have inside, so a range may go to another container.
/// </summary>
/// <param name="remapped">for containers that say nothing; null: the host's ids</param>
internal sealed class UserIdPool(ContainerStore store, UserIds? remapped)
{
    const uint First = 0x7000_0000;
    const uint Size = 0x1_0000;
    const uint Count = 0x0FFD; // the last below systemd's range of foreign users

    readonly Lock gate = new();
    readonly HashSet<uint> reserved = [];

    /// <summary>The ids of a container to be; null: the host's. Release them when its record is kept, or will never be.</summary>
    /// <exception cref="EngineException">Unavailable: all ranges are taken; InvalidParameter: it is incompatible with other settings</exception>
    internal UserIds? Reserve(HostSettings host)
    {
        var ids = host.UsernsMode switch
        {
            "auto" => Next(),
            "host" => null,
            _ => remapped,
        };
        if (ids is null)
            return null;
        try
        {
            UserIds.Check(host);
            return ids;
        }
        catch
        {
            Release(ids);
            throw;
        }
    }

    internal void Release(UserIds? ids)
    {
        lock (gate)
            reserved.Remove(ids?.FirstUid ?? 0);
    }

    UserIds Next()
    {
        lock (gate)
        {
            var taken = store.All().Select(c => c.Record.Ids?.FirstUid ?? 0).Concat(reserved).ToHashSet();
            for (uint i = 0; i < Count; i++)
            {
                uint first = First + (i * Size);
                if (taken.Contains(first))
                    continue;
                reserved.Add(first);
                return new UserIds(first, first, Size);
            }
        }
        throw new EngineException(
            ErrorKind.Unavailable,
            $"--userns=auto: all {Count} ranges of user ids are taken: remove containers"
        );
    }
}

/// <summary>Held until the record of a container is kept, or will never be.</summary>
internal sealed class Reservation(UserIdPool pool, UserIds? ids) : IDisposable
{
    public void Dispose() => pool.Release(ids);
}
