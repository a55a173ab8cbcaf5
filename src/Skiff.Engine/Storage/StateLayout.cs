// Where everything of one engine lives on disk: the only place that knows the paths.
namespace Skiff.Engine.Storage;

public sealed class StateLayout(string dataRoot, string execRoot)
{
    public string DataRoot { get; } = dataRoot;
    public string ExecRoot { get; } = execRoot;

    /// <summary>The SQLite database of all records and the journal.</summary>
    public string Database => Path.Combine(DataRoot, "skiff.db");

    /// <summary>An OCI image layout.</summary>
    public string Content => Path.Combine(DataRoot, "content");

    /// <summary>One directory a snapshot.</summary>
    public string Snapshots => Path.Combine(DataRoot, "snapshots");
    public string Volumes => Path.Combine(DataRoot, "volumes");

    /// <summary>What a volume holds.</summary>
    public string Volume(string name) => Path.Combine(Volumes, name, "_data");

    /// <summary>Everything half made: emptied at every start.</summary>
    public string Scratch => Path.Combine(DataRoot, "tmp");

    /// <summary>Held locked by the engine that owns this data root.</summary>
    public string Lock => Path.Combine(DataRoot, "skiff.lock");

    /// <summary>Durable files of a container: its log, hosts, hostname, resolv.conf.</summary>
    public string Container(string id) => Path.Combine(DataRoot, "containers", id);

    public string ContainerLog(string id, string driver) =>
        Path.Combine(Container(id), driver == "local" ? "container.log" : $"{id}-json.log");

    /// <summary>The container's bundle of this boot: config.json, shim.sock, exit record.</summary>
    public string Bundle(string id) => Path.Combine(ExecRoot, "containers", id);

    /// <summary>In the bundle, where the /dev/shm of a container is mounted that lets others join its IPC.</summary>
    public string SharedMemory(string id) => Path.Combine(Bundle(id), "shm");
}
