// A private skiffd on throw-away directories, and both clients that speak to it.
using System.Diagnostics;
using Skiff.Linux.Files;

namespace Skiff.SystemTests.Harness;

/// <summary>One engine: its own data root, exec root, socket and bridge. Disposing it must leave the machine as it was.</summary>
public sealed class EngineUnderTest : IDisposable
{
    static int count;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly string[] flags;
    Process? daemon;

    public EngineUnderTest(params string[] extraFlags)
        : this(null, extraFlags) { }

    /// <param name="dataRoot">null: a fresh directory</param>
    public EngineUnderTest(string? dataRoot, string[] extraFlags)
    {
        Name = $"skt{System.Environment.ProcessId % 100000}x{Interlocked.Increment(ref count)}";
        Root = Directory.CreateTempSubdirectory("skiff-test-").FullName;
        RunRoot = $"/run/{Name}";
        DataRoot = dataRoot ?? Path.Combine(Root, "data");
        flags = ["--data-root", DataRoot, "--exec-root", RunRoot, "--bridge", Bridge, "-H", $"unix://{Socket}", .. extraFlags];
        Start();
    }

    /// <summary>Where the native programs are: SKIFF_BIN, as build/test sets it.</summary>
    public static string Bin { get; } =
        System.Environment.GetEnvironmentVariable("SKIFF_BIN")
        ?? throw new InvalidOperationException("SKIFF_BIN is not set: run these tests by `make system-test`");

    public string Name { get; }
    public string Root { get; }
    public string RunRoot { get; }
    public string DataRoot { get; }
    public string Bridge => Name;
    public string Socket => Path.Combine(RunRoot, "skiff.sock");
    public string Log => Path.Combine(Root, "skiffd.log");
    public int Pid => daemon!.Id;

    /// <summary>Starts skiffd and returns once it listens.</summary>
    public void Start()
    {
        var start = new ProcessStartInfo(Path.Combine(Bin, "skiffd"), flags) { RedirectStandardError = true };
        daemon = Process.Start(start)!;
        var ready = new TaskCompletionSource();
        daemon.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("skiffd ended:\n" + ReadLog()));
                return;
            }
            lock (ready)
                File.AppendAllText(Log, line.Data + "\n");
            if (line.Data.Contains("listening", StringComparison.OrdinalIgnoreCase))
                ready.TrySetResult();
        };
        daemon.BeginErrorReadLine();
        if (!ready.Task.Wait(Patience))
            throw new TimeoutException("skiffd does not listen:\n" + ReadLog());
    }

    /// <summary>kill -9.</summary>
    public void Crash()
    {
        daemon!.Kill();
        daemon.WaitForExit();
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public void Stop()
    {
        Command.Run("kill", "-TERM", $"{Pid}").Expect();
        if (!daemon!.WaitForExit(Patience))
            throw new TimeoutException("skiffd does not end on SIGTERM:\n" + ReadLog());
    }

    /// <summary>Our own client.</summary>
    public Result Skiff(params string[] arguments) => Client("skiff", arguments, null);

    public Result SkiffWithInput(byte[] input, params string[] arguments) => Client("skiff", arguments, input);

    /// <summary>The stock docker client.</summary>
    public Result Docker(params string[] arguments) => Client("docker", arguments, null);

    public Result DockerWithInput(byte[] input, params string[] arguments) => Client("docker", arguments, input);

    /// <summary>Either client, by name.</summary>
    public Result Client(string client, IEnumerable<string> arguments, byte[]? input) =>
        Command.Run(ClientPath(client), arguments, input, Environment());

    /// <summary>A client on a terminal.</summary>
    public PtySession OnTerminal(string client, params string[] arguments) => new(ClientPath(client), arguments, Environment());

    public Dictionary<string, string> Environment() =>
        new() { ["DOCKER_HOST"] = $"unix://{Socket}", ["DOCKER_CONFIG"] = Path.Combine(Root, "config") };

    public static string ClientPath(string client) => client == "docker" ? "docker" : Path.Combine(Bin, client);

    public string ReadLog()
    {
        lock (flags)
            return File.Exists(Log) ? File.ReadAllText(Log) : "";
    }

    public void Dispose()
    {
        if (daemon is { HasExited: false })
        {
            string ids = Skiff("ps", "-aq").Text;
            if (ids.Length > 0)
                Skiff(["rm", "-f", .. ids.Split('\n')]);
            Stop();
        }
        Command.Run(Path.Combine(Bin, "skiffd"), [.. flags, "--cleanup"], null, null);
        daemon?.Dispose();
        // Layers may hold names that are no text.
        TreeRemoval.Remove(Root);
        if (Directory.Exists(RunRoot))
            Directory.Delete(RunRoot, recursive: true);
    }
}
