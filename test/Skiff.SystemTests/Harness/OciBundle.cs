// A bundle with busybox, and skiff-runtime on it: driven by its command line, as engines do.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skiff.SystemTests.Harness;

/// <summary>A bundle and a runtime root of its own. Disposing it ends and removes its containers.</summary>
public sealed class OciBundle : IDisposable
{
    static int count;
    readonly string top = Directory.CreateTempSubdirectory("skiff-bundle-").FullName;

    public OciBundle(params string[] command)
    {
        Bundle = Path.Combine(top, "bundle");
        Root = Path.Combine(top, "root");
        Id = $"oci{Environment.ProcessId}x{Interlocked.Increment(ref count)}";
        string rootfs = Path.Combine(Bundle, "rootfs");
        Directory.CreateDirectory(rootfs);
        System.Formats.Tar.TarFile.ExtractToDirectory(new MemoryStream(BusyboxImage.Tar), rootfs, overwriteFiles: false);
        Runtime("spec", "--bundle", Bundle).Expect();
        Config = JsonNode.Parse(File.ReadAllText(Path.Combine(Bundle, "config.json")))!;
        Process["terminal"] = false;
        Process["args"] = Array(command);
        Save();
    }

    public static string Program { get; } = Path.Combine(EngineUnderTest.Bin, "skiff-runtime");

    public string Id { get; }
    public string Bundle { get; }
    public string Root { get; }

    /// <summary>config.json; <see cref="Save"/> writes it.</summary>
    public JsonNode Config { get; }
    public JsonNode Process => Config["process"]!;

    /// <summary>A place for files that hooks and tests share.</summary>
    public string Scratch(string name) => Path.Combine(top, name);

    public void Save() => File.WriteAllText(Path.Combine(Bundle, "config.json"), Config.ToJsonString());

    public static JsonArray Array(params string[] items) => new([.. items.Select(i => JsonValue.Create(i))]);

    /// <summary>A hook that runs a shell.</summary>
    public static JsonObject Hook(string script, int? timeout = null)
    {
        var hook = new JsonObject
        {
            ["path"] = "/bin/sh",
            ["args"] = Array("sh", "-c", script),
            ["env"] = Array("PATH=/usr/bin:/bin"),
        };
        if (timeout is int seconds)
            hook["timeout"] = seconds;
        return hook;
    }

    public void AddHook(string kind, JsonObject hook)
    {
        Config["hooks"] ??= new JsonObject();
        Config["hooks"]![kind] ??= new JsonArray();
        Config["hooks"]![kind]!.AsArray().Add(hook);
        Save();
    }

    public Result Runtime(params string[] arguments) => Command.Run(Program, ["--root", Root, .. arguments], null, null);

    /// <summary>
    /// create. Its stdio goes to the container, which outlives it, so it is given files: nobody waits for their end.
    /// </summary>
    public Result Create(params string[] flags) => Detached(["create", .. flags]);

    /// <summary>run --detach, as <see cref="Create"/>.</summary>
    /// <param name="global">flags before the command</param>
    public Result RunDetached(params string[] global) => Detached([.. global, "run", "--detach"]);

    Result Detached(string[] command) =>
        Command.Run(
            "/bin/sh",
            [
                "-c",
                $"exec \"$0\" \"$@\" </dev/null >{Output} 2>{Errors}",
                Program,
                "--root",
                Root,
                .. command,
                "--bundle",
                Bundle,
                Id,
            ],
            null,
            null
        ) with
        {
            Output = Said,
            Errors = File.ReadAllText(Errors),
        };

    string Output => Scratch("stdout");
    string Errors => Scratch("stderr");

    /// <summary>What the container has written to its standard output.</summary>
    public string Said => File.Exists(Output) ? File.ReadAllText(Output) : "";

    public JsonElement State() => JsonDocument.Parse(Runtime("state", Id).Expect().Output).RootElement;

    public string Status => State().GetProperty("status").GetString()!;

    /// <summary>Waits for a status that is bound to come.</summary>
    public void Await(string status)
    {
        if (!SpinWait.SpinUntil(() => Status == status, TimeSpan.FromSeconds(20)))
            throw new TimeoutException($"container {Id} is {Status}, not {status}");
    }

    public bool HasTraces =>
        Directory.Exists(Path.Combine(Root, Id))
        || Directory.EnumerateDirectories("/sys/fs/cgroup", Id, SearchOption.AllDirectories).Any()
        || File.ReadAllText("/proc/self/mountinfo").Contains(Bundle, StringComparison.Ordinal);

    public void Dispose()
    {
        Runtime("delete", "--force", Id);
        Directory.Delete(top, recursive: true);
    }
}
