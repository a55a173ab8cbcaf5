// Which users of the host a container's are: --userns, and the engine's --userns-remap.
using Skiff.Engine.Bundles;

namespace Skiff.Engine.Containers;

/// <summary>
/// Ranges of 65536 for --userns=auto, one to a container, kept in its record. From 0x70000000 up, where users have none;
/// the engines of a machine share them by <see cref="UserIdLeases"/>. On disk, files keep the ids they have inside, so a
/// range may go to another container.
/// </summary>
/// <param name="remapped">for containers that say nothing; null: the host's ids</param>
internal sealed class UserIdPool(ContainerStore store, UserIds? remapped, UserIdLeases leases)
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

    /// <summary>
    /// To be called when the engine starts, before any container does: after a reboot another engine may have been given
    /// a range of ours meanwhile. A container that does not run takes another one then.
    /// </summary>
    internal void Claim()
    {
        if (Own().Count == 0)
            return; // what the table says of us otherwise is told with the next range
        lock (gate)
            leases.Change(others =>
            {
                var own = Own();
                foreach (var live in store.All())
                {
                    var container = live.Record;
                    if (!IsOurs(container) || container.State.IsRunning || !others.Contains(container.Ids!.FirstUid))
                        continue;
                    own.Remove(container.Ids.FirstUid);
                    var ids = Free(own, others);
                    own.Add(ids.FirstUid);
                    store.Save(live, container with { Ids = ids });
                }
                return own;
            });
    }

    UserIds Next()
    {
        lock (gate)
        {
            UserIds? ids = null;
            leases.Change(others =>
            {
                var own = Own();
                ids = Free(own, others);
                reserved.Add(ids.FirstUid);
                return own.Append(ids.FirstUid);
            });
            return ids!;
        }
    }

    HashSet<uint> Own() =>
        store.All().Where(c => IsOurs(c.Record)).Select(c => c.Record.Ids!.FirstUid).Concat(reserved).ToHashSet();

    static bool IsOurs(Container container) => container is { Ids: not null, Host.UsernsMode: "auto" };

    static UserIds Free(HashSet<uint> own, IReadOnlySet<uint> others)
    {
        for (uint i = 0; i < Count; i++)
        {
            uint first = First + (i * Size);
            if (!own.Contains(first) && !others.Contains(first))
                return new UserIds(first, first, Size);
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
