// Records of volumes: all in memory, each change durable before it is seen.
using System.Text.Json;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Volumes;

/// <summary>Not safe for several threads: the service holds its lock.</summary>
internal sealed class VolumeStore(Database database)
{
    readonly Dictionary<string, Volume> volumes = database
        .Read("SELECT record FROM volumes", r => JsonSerializer.Deserialize(r.GetString(0), VolumeJson.Default.Volume)!)
        .ToDictionary(v => v.Name, StringComparer.Ordinal);

    internal IReadOnlyCollection<Volume> All => volumes.Values;

    internal Volume? Find(string name) => volumes.GetValueOrDefault(name);

    internal void Add(Volume volume)
    {
        database.Write(
            "INSERT INTO volumes (name, record) VALUES (?1, ?2)",
            volume.Name,
            JsonSerializer.Serialize(volume, VolumeJson.Default.Volume)
        );
        volumes.Add(volume.Name, volume);
    }

    /// <summary>In one transaction with the journal's note that its directory is still to be removed.</summary>
    internal void Remove(Volume volume, JournalEntry directory)
    {
        database.Write(connection =>
        {
            using var delete = Database.Prepare(connection, "DELETE FROM volumes WHERE name = ?1", volume.Name);
            delete.ExecuteNonQuery();
            Journal.Take(connection, [directory]);
        });
        volumes.Remove(volume.Name);
    }
}
