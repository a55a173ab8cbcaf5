// The journal of everything taken from the kernel or the disk: written before the taking, struck out after the giving back.
using Microsoft.Data.Sqlite;

namespace Skiff.Engine.Storage;

/// <summary>One thing taken: who owns it, what kind it is, and how to find it.</summary>
/// <param name="Owner">The container, network or image operation that took it.</param>
/// <param name="Kind">One of <see cref="ResourceKind"/>.</param>
/// <param name="Resource">A path, an interface name, a set element: whatever its kind needs to give it back.</param>
public sealed record JournalEntry(string Owner, string Kind, string Resource);

/// <summary>The kinds of things the engine takes. The value is what stands in the database.</summary>
public static class ResourceKind
{
    public const string Directory = "directory";
    public const string Mount = "mount";
    public const string Link = "link";
    public const string Lease = "lease";
    public const string NftTable = "nft-table";
    public const string NftElement = "nft-element";
    public const string Cgroup = "cgroup";
    public const string Process = "process";
    public const string Sysctl = "sysctl";
}

/// <summary>Removal and start-up repair read this to know exactly what is left.</summary>
public sealed class Journal(Database database)
{
    /// <summary>Writes entries durably, before their resources are taken. An entry that stands already stays as it is.</summary>
    public void Take(params IReadOnlyCollection<JournalEntry> entries) => database.Write(connection => Take(connection, entries));

    /// <summary>The same inside a transaction of the caller's.</summary>
    public static void Take(SqliteConnection connection, IReadOnlyCollection<JournalEntry> entries) =>
        Run(connection, "INSERT OR IGNORE INTO journal (owner, kind, resource) VALUES (?1, ?2, ?3)", entries);

    /// <summary>Strikes entries out, after their resources were given back.</summary>
    public void Strike(params IReadOnlyCollection<JournalEntry> entries) =>
        database.Write(connection => Strike(connection, entries));

    /// <summary>The same inside a transaction of the caller's.</summary>
    public static void Strike(SqliteConnection connection, IReadOnlyCollection<JournalEntry> entries) =>
        Run(connection, "DELETE FROM journal WHERE owner = ?1 AND kind = ?2 AND resource = ?3", entries);

    /// <summary>What one owner holds, oldest first.</summary>
    public List<JournalEntry> Of(string owner) =>
        database.Read("SELECT owner, kind, resource FROM journal WHERE owner = ?1 ORDER BY sequence", Row, owner);

    /// <summary>What is held of one kind, oldest first.</summary>
    public List<JournalEntry> OfKind(string kind) =>
        database.Read("SELECT owner, kind, resource FROM journal WHERE kind = ?1 ORDER BY sequence", Row, kind);

    /// <summary>Everything held, oldest first.</summary>
    public List<JournalEntry> All() => database.Read("SELECT owner, kind, resource FROM journal ORDER BY sequence", Row);

    static void Run(SqliteConnection connection, string sql, IReadOnlyCollection<JournalEntry> entries)
    {
        foreach (var entry in entries)
        {
            using var command = Database.Prepare(connection, sql, entry.Owner, entry.Kind, entry.Resource);
            command.ExecuteNonQuery();
        }
    }

    static JournalEntry Row(SqliteDataReader reader) => new(reader.GetString(0), reader.GetString(1), reader.GetString(2));
}
