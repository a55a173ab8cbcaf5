// The records of the engine in one SQLite database: a table per noun, a JSON column for the record.
using Microsoft.Data.Sqlite;

namespace Skiff.Engine.Storage;

/// <summary>
/// Opens the database, brings its schema up to date and hands out grouped durable writes. One connection writes;
/// writes of one caller are one transaction. Every acknowledged write is on disk (WAL, synchronous=FULL).
/// </summary>
public sealed class Database : IDisposable
{
    /// <summary>Forward migrations, in order; user_version is how many have run. Never edit one that was released.</summary>
    static readonly string[] Migrations =
    [
        """
            CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE images (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE image_references (reference TEXT PRIMARY KEY, image TEXT NOT NULL, manifest TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE snapshots (key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE leases (network TEXT NOT NULL, address TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (network, address)) WITHOUT ROWID;
            CREATE TABLE volumes (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE engine (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE journal (sequence INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, UNIQUE (owner, kind, resource));
            """,
        """
            CREATE TABLE build_cache (key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE build_steps (place TEXT PRIMARY KEY, parts TEXT NOT NULL) WITHOUT ROWID;
            """,
    ];

    readonly SqliteConnection connection;
    readonly Lock gate = new();

    static Database()
    {
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_sqlite3());
    }

    public Database(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;");
        Migrate();
    }

    /// <summary>Runs statements in one durable transaction; all of them happen or none.</summary>
    public void Write(Action<SqliteConnection> work)
    {
        lock (gate)
        {
            Execute("BEGIN IMMEDIATE");
            try
            {
                work(connection);
                Execute("COMMIT");
            }
            catch
            {
                Execute("ROLLBACK");
                throw;
            }
        }
    }

    /// <summary>Runs one statement in a durable transaction of its own. Parameters are bound as ?1, ?2, ...</summary>
    public void Write(string sql, params ReadOnlySpan<object> parameters)
    {
        lock (gate)
        {
            using var command = Prepare(connection, sql, parameters);
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Reads all rows of a query.</summary>
    public List<T> Read<T>(string sql, Func<SqliteDataReader, T> row, params ReadOnlySpan<object> parameters)
    {
        lock (gate)
        {
            using var command = Prepare(connection, sql, parameters);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
                rows.Add(row(reader));
            return rows;
        }
    }

    /// <summary>The id of the engine whose records these are, made with the first use.</summary>
    public string EngineId()
    {
        Write("INSERT OR IGNORE INTO engine (key, value) VALUES ('id', ?1)", Guid.NewGuid().ToString());
        return Read("SELECT value FROM engine WHERE key = 'id'", r => r.GetString(0))[0];
    }

    /// <summary>A command with its parameters bound as ?1, ?2, ...; for use inside <see cref="Write(Action{SqliteConnection})"/>.</summary>
    public static SqliteCommand Prepare(SqliteConnection connection, string sql, params ReadOnlySpan<object> parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are constants of this project; what varies is bound.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < parameters.Length; i++)
            command.Parameters.AddWithValue($"?{i + 1}", parameters[i]);
        return command;
    }

    public void Dispose() => connection.Dispose();

    void Migrate()
    {
        int version = Read("PRAGMA user_version", r => r.GetInt32(0))[0];
        if (version > Migrations.Length)
            throw new EngineException(
                ErrorKind.System,
                $"the database has schema {version}, this engine knows {Migrations.Length}: it was written by a newer skiffd"
            );
        for (; version < Migrations.Length; version++)
        {
            string script = Migrations[version] + $"PRAGMA user_version={version + 1};";
            Write(c =>
            {
                using var command = Prepare(c, script);
                command.ExecuteNonQuery();
            });
        }
    }

    void Execute(string sql)
    {
        using var command = Prepare(connection, sql);
        command.ExecuteNonQuery();
    }
}
