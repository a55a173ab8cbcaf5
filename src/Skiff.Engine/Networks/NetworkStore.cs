// Records of networks, and the leases of addresses with the journal of the links that carry them.
using System.Text.Json;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Networks;

/// <summary>An address of a network, held by a container through a link of the host.</summary>
internal sealed record Lease(string NetworkId, string Address, string Owner, string Link)
{
    // An interface can be found by its name alone; the address makes the journal readable.
    internal JournalEntry[] Entries =>
        [new(Owner, ResourceKind.Lease, $"{NetworkId}/{Address}/{Link}"), new(Owner, ResourceKind.Link, Link)];
}

/// <summary>Networks by id; few, so they all stay in memory.</summary>
internal sealed class NetworkStore(Database database, Journal journal)
{
    readonly Lock gate = new();
    Dictionary<string, Network> networks = [];

    internal void Load() =>
        networks = database
            .Read("SELECT record FROM networks", r => Parse(r.GetString(0)))
            .ToDictionary(n => n.Id, StringComparer.Ordinal);

    internal List<Network> All()
    {
        lock (gate)
            return [.. networks.Values];
    }

    internal Network? ByName(string name)
    {
        lock (gate)
            return networks.Values.FirstOrDefault(n => n.Name == name);
    }

    internal Network? ById(string id)
    {
        lock (gate)
            return networks.GetValueOrDefault(id);
    }

    /// <summary>By id, name or unambiguous beginning of an id, in this order.</summary>
    internal Network? Find(string nameOrId)
    {
        lock (gate)
        {
            if (networks.TryGetValue(nameOrId, out var exact))
                return exact;
            if (networks.Values.FirstOrDefault(n => n.Name == nameOrId) is { } named)
                return named;
            var matching = networks.Values.Where(n => n.Id.StartsWith(nameOrId, StringComparison.Ordinal)).ToList();
            return nameOrId.Length > 0 && matching.Count == 1 ? matching[0] : null;
        }
    }

    /// <summary>Writes a record durably, new or changed.</summary>
    internal Network Save(Network network)
    {
        string record = JsonSerializer.Serialize(network, NetworkJson.Default.Network);
        database.Write(
            "INSERT INTO networks (id, name, record) VALUES (?1, ?2, ?3) "
                + "ON CONFLICT (id) DO UPDATE SET name = ?2, record = ?3",
            network.Id,
            network.Name,
            record
        );
        lock (gate)
            networks[network.Id] = network;
        return network;
    }

    internal void Remove(Network network)
    {
        database.Write("DELETE FROM networks WHERE id = ?1", network.Id);
        lock (gate)
            networks.Remove(network.Id);
    }

    /// <summary>Writes leases and journals them with their links, in one durable transaction.</summary>
    internal void Take(Lease lease) =>
        database.Write(connection =>
        {
            using var insert = Database.Prepare(
                connection,
                "INSERT INTO leases (network, address, owner) VALUES (?1, ?2, ?3)",
                lease.NetworkId,
                lease.Address,
                lease.Owner
            );
            insert.ExecuteNonQuery();
            Journal.Take(connection, lease.Entries);
        });

    /// <summary>Gives leases back and strikes them out, in one durable transaction.</summary>
    internal void GiveBack(IReadOnlyCollection<Lease> leases) =>
        database.Write(connection =>
        {
            foreach (var lease in leases)
            {
                using var delete = Database.Prepare(
                    connection,
                    "DELETE FROM leases WHERE network = ?1 AND address = ?2",
                    lease.NetworkId,
                    lease.Address
                );
                delete.ExecuteNonQuery();
                Journal.Strike(connection, lease.Entries);
            }
        });

    /// <summary>All leases that stand in the journal.</summary>
    internal List<Lease> Leases()
    {
        var leases = new List<Lease>();
        foreach (var entry in journal.OfKind(ResourceKind.Lease))
            if (entry.Resource.Split('/') is [var network, var address, var link])
                leases.Add(new Lease(network, address, entry.Owner, link));
        return leases;
    }

    static Network Parse(string record) => JsonSerializer.Deserialize(record, NetworkJson.Default.Network)!;
}
