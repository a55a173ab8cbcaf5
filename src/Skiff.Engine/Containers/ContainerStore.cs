// Container records: all in memory, each change durable before it is seen.
using System.Text.Json;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Containers;

/// <summary>Loads, saves and finds containers by id, name or unambiguous prefix of an id.</summary>
internal sealed class ContainerStore
{
    readonly Database database;
    readonly Lock gate = new();
    readonly SortedList<string, LiveContainer> byId = new(StringComparer.Ordinal);
    readonly Dictionary<string, LiveContainer> byName = new(StringComparer.Ordinal);

    internal ContainerStore(Database database)
    {
        this.database = database;
        foreach (string text in database.Read("SELECT record FROM containers", r => r.GetString(0)))
        {
            var live = new LiveContainer(
                ContainerMounts.OfEarlierReleases(JsonSerializer.Deserialize(text, ContainerJson.Default.Container)!)
            );
            byId.Add(live.Id, live);
            byName.Add(live.Record.Name, live);
        }
    }

    /// <summary>Newest first, as every list shows them.</summary>
    internal IReadOnlyList<LiveContainer> All()
    {
        lock (gate)
            return [.. byId.Values.OrderByDescending(c => c.Record.Created)];
    }

    /// <exception cref="EngineException">NotFound; InvalidParameter for an ambiguous prefix</exception>
    internal LiveContainer Get(string nameOrId) =>
        Find(nameOrId) ?? throw EngineException.NotFound($"No such container: {nameOrId}");

    /// <exception cref="EngineException">InvalidParameter for an ambiguous prefix</exception>
    internal LiveContainer? Find(string nameOrId)
    {
        string wanted = nameOrId.StartsWith('/') ? nameOrId[1..] : nameOrId;
        if (wanted.Length == 0)
            return null;
        lock (gate)
        {
            if (byId.TryGetValue(wanted, out var exact) || byName.TryGetValue(wanted, out exact))
                return exact;
            LiveContainer? match = null;
            foreach (var (id, live) in byId)
            {
                if (!id.StartsWith(wanted, StringComparison.Ordinal))
                    continue;
                if (match is not null)
                    throw EngineException.Invalid($"multiple IDs found with provided prefix: {wanted}");
                match = live;
            }
            return match;
        }
    }

    /// <summary>Adds a new container; its name is taken with it.</summary>
    /// <exception cref="EngineException">Conflict: the name is taken</exception>
    internal LiveContainer Add(Container record, IReadOnlyCollection<JournalEntry> taken)
    {
        var live = new LiveContainer(record);
        lock (gate)
        {
            if (byName.TryGetValue(record.Name, out var holder))
                throw NameTaken(record.Name, holder.Id);
            byId.Add(record.Id, live);
            byName.Add(record.Name, live);
        }
        try
        {
            database.Write(connection =>
            {
                using var command = Database.Prepare(
                    connection,
                    "INSERT INTO containers (id, name, record) VALUES (?1, ?2, ?3)",
                    record.Id,
                    record.Name,
                    Text(record)
                );
                command.ExecuteNonQuery();
                Journal.Take(connection, taken);
            });
        }
        catch
        {
            Forget(live);
            throw;
        }
        return live;
    }

    internal bool NameIsFree(string name)
    {
        lock (gate)
            return !byName.ContainsKey(name);
    }

    /// <summary>Makes a change durable, then visible.</summary>
    internal void Save(LiveContainer live, Container record)
    {
        database.Write("UPDATE containers SET record = ?2 WHERE id = ?1", record.Id, Text(record));
        live.Record = record;
    }

    /// <exception cref="EngineException">Conflict: the name is taken</exception>
    internal void Rename(LiveContainer live, string name)
    {
        lock (gate)
        {
            if (byName.TryGetValue(name, out var holder))
                throw NameTaken(name, holder.Id);
            var renamed = live.Record with { Name = name };
            database.Write("UPDATE containers SET name = ?2, record = ?3 WHERE id = ?1", live.Id, name, Text(renamed));
            byName.Remove(live.Record.Name);
            byName.Add(name, live);
            live.Record = renamed;
        }
    }

    /// <summary>Removes the record. What the journal still holds for it stays there until it is given back.</summary>
    internal void Remove(LiveContainer live)
    {
        database.Write("DELETE FROM containers WHERE id = ?1", live.Id);
        Forget(live);
    }

    void Forget(LiveContainer live)
    {
        lock (gate)
        {
            byId.Remove(live.Id);
            byName.Remove(live.Record.Name);
        }
    }

    static EngineException NameTaken(string name, string id) =>
        EngineException.Conflict(
            $"Conflict. The container name \"/{name}\" is already in use by container \"{id}\". "
                + "You have to remove (or rename) that container to be able to reuse that name."
        );

    static string Text(Container record) => JsonSerializer.Serialize(record, ContainerJson.Default.Container);
}
