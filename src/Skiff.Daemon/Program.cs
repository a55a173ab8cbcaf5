// skiffd: opens the engine, opens the door, waits for the signal to go.
using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Skiff.Daemon;
using Skiff.Daemon.Docker;
using Skiff.Engine;
using Skiff.Engine.Host;

var flags = new DaemonFlags();
var parsed = flags.Command((result, _) => RunAsync(result)).Parse(args);
return await parsed.InvokeAsync(
    new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }
);

async Task<int> RunAsync(ParseResult result)
{
    try
    {
        var options = flags.Read(result);
        if (options.Validate)
        {
            Console.WriteLine("configuration OK");
            return 0;
        }
        if (Environment.UserName != "root")
            throw EngineException.Invalid("skiffd needs root: it mounts, makes namespaces and firewall rules");
        return options.Cleanup ? await CleanupAsync(options) : await ServeAsync(options);
    }
    catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync($"skiffd: {e.Message}");
        return 1;
    }
}

static async Task<int> ServeAsync(DaemonOptions options)
{
    using var log = new ConsoleLog(
        options.LogLevel switch
        {
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warn" => LogLevel.Warning,
            _ => LogLevel.Error,
        }
    );
    var ending = new TaskCompletionSource();
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
    using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => c.Cancel = true);

    if (!File.Exists(options.Engine.RuntimePath))
        throw EngineException.Invalid(
            $"there is no {options.Engine.RuntimePath}: install skiff-runtime beside skiffd, or name it by --runtime-path"
        );
    var server = ServerInfo.Of(
        options.LogLevel == "debug",
        e => Log.BackgroundFailed(log, e),
        (request, e) => Log.RequestFailed(log, request, e)
    );
    Log.Starting(log, server.Version, options.Engine.DataRoot);
    await using var engine = await Engine.OpenAsync(options.Engine, server.Report, CancellationToken.None);
    using var idle = new IdleTrim();
    var routes = Routes.Of(engine, server);
    await using var app = await ApiServer.StartAsync(options.Hosts, options.Group, AnswerAsync, log);
    foreach (string notice in engine.Notices)
        Log.Notice(log, notice);
    Directory.CreateDirectory(Path.GetDirectoryName(options.PidFile)!);
    await File.WriteAllTextAsync(options.PidFile, $"{Environment.ProcessId}\n");
    foreach (string host in options.Hosts)
    {
        if (host.StartsWith("tcp://", StringComparison.Ordinal))
            Log.OpenToAll(log, host);
        Log.Listening(log, host);
    }
    ServiceManager.Notify("READY=1");

    await ending.Task;
    Log.Stopping(log);
    ServiceManager.Notify("STOPPING=1");
    using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
    await app.StopAsync(patience.Token);
    File.Delete(options.PidFile);
    foreach (string host in options.Hosts.Where(h => h.StartsWith("unix://", StringComparison.Ordinal)))
        File.Delete(host["unix://".Length..]);
    return 0;

    async Task AnswerAsync(HttpContext context)
    {
        idle.Touch();
        try
        {
            await routes.HandleAsync(context);
        }
        finally
        {
            idle.Touch();
        }
    }

    void End(PosixSignalContext context)
    {
        context.Cancel = true;
        ending.TrySetResult();
    }
}

static async Task<int> CleanupAsync(DaemonOptions options)
{
    await using var engine = await Engine.OpenAsync(options.Engine, _ => { }, CancellationToken.None);
    if (engine.Containers.List().Any(c => c.State.IsRunning))
        throw EngineException.Conflict("containers are running: stop them before --cleanup");
    await engine.Networks.PurgeAsync(CancellationToken.None);
    return 0;
}
