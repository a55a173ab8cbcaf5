// What each container's sandbox holds, in memory: leases, and the sockets of its resolver.
namespace Skiff.Engine.Networks;

/// <summary>By container id. Safe for use by many threads.</summary>
internal sealed class Sandboxes : IDisposable
{
    readonly Lock gate = new();
    readonly Dictionary<string, Held> held = [];

    sealed class Held
    {
        internal List<Lease> Leases { get; } = [];
        internal IDisposable? Resolver { get; set; }
    }

    internal void Hold(Lease lease)
    {
        lock (gate)
            Of(lease.Owner).Leases.Add(lease);
    }

    internal void Hold(string owner, IDisposable resolver)
    {
        IDisposable? old;
        lock (gate)
        {
            var sandbox = Of(owner);
            old = sandbox.Resolver;
            sandbox.Resolver = resolver;
        }
        old?.Dispose();
    }

    /// <summary>Forgets a container, closes its resolver and returns its leases.</summary>
    internal IReadOnlyList<Lease> Remove(string owner)
    {
        Held? sandbox;
        lock (gate)
            held.Remove(owner, out sandbox);
        sandbox?.Resolver?.Dispose();
        return sandbox?.Leases ?? [];
    }

    /// <summary>Forgets one connection of a container and returns its lease; null if there is none.</summary>
    internal Lease? Remove(string owner, string networkId)
    {
        lock (gate)
        {
            if (!held.TryGetValue(owner, out var sandbox) || sandbox.Leases.Find(l => l.NetworkId == networkId) is not { } lease)
                return null;
            sandbox.Leases.Remove(lease);
            return lease;
        }
    }

    /// <summary>Ids of the containers on a network.</summary>
    internal IReadOnlyList<string> OwnersOn(string networkId)
    {
        lock (gate)
            return [.. held.Where(h => h.Value.Leases.Any(l => l.NetworkId == networkId)).Select(h => h.Key)];
    }

    internal bool HasResolver(string owner)
    {
        lock (gate)
            return held.TryGetValue(owner, out var sandbox) && sandbox.Resolver is not null;
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var sandbox in held.Values)
                sandbox.Resolver?.Dispose();
            held.Clear();
        }
    }

    Held Of(string owner)
    {
        if (!held.TryGetValue(owner, out var sandbox))
            held[owner] = sandbox = new Held();
        return sandbox;
    }
}
