// skiff-runtime: global flags, then one command. Dispatched by hand, because every container pays for its start-up.
using System.Text;
using System.Text.Json;
using Skiff.Linux;
using Skiff.Linux.Spawn;
using Skiff.Runtime.Commands;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;

namespace Skiff.Runtime;

internal static class Program
{
    const string Usage = """
        usage: skiff-runtime [GLOBAL FLAGS] COMMAND [FLAGS] [ARGUMENTS]

        commands: create, start, run, exec, state, kill, delete, list, ps, pause, resume, update, events, spec, features
        global flags: --root DIR, --log FILE, --log-format text|json, --systemd-cgroup, --debug,
                      --version

        """;

    static int Main(string[] arguments)
    {
        if (arguments is ["shim", ..])
            return ShimCommand.Run(arguments.AsSpan(1));
        try
        {
            var global = Arguments.Parse(
                "skiff-runtime",
                arguments,
                ["root", "log", "log-format", "rootless"],
                ["debug", "systemd-cgroup", "version|v", "help|h"],
                endAtOperand: true
            );
            ReadOnlySpan<string> rest = arguments.AsSpan(global.Consumed);
            Configure(global);
            if (global.Has("version"))
                return FeaturesCommand.PrintVersion();
            if (global.Has("help") || rest is ["help", ..])
                return Print(Usage);
            if (rest.IsEmpty)
                throw new UsageException("a command is missing: see skiff-runtime --help");
            var store = new StateStore(global.Value("root") ?? "/run/skiff-runtime")
            {
                SystemdCgroup = global.Has("systemd-cgroup"),
            };
            return Run(rest[0], rest[1..], store);
        }
        catch (LaunchException e)
        {
            Complaints.Fail(e.Message);
            return e.Kind switch
            {
                Tasks.FailureKind.CommandNotFound => 127,
                Tasks.FailureKind.CommandNotExecutable => 126,
                _ => 1,
            };
        }
        catch (Exception e)
            when (e is UsageException or IOException or UnauthorizedAccessException or TimeoutException or JsonException)
        {
            Complaints.Fail(e is ErrnoException errno ? $"{errno.Call} {errno.Subject}: {ErrnoText.Of(errno.Errno)}" : e.Message);
            return 1;
        }
    }

    static int Run(string command, ReadOnlySpan<string> arguments, StateStore store) =>
        command switch
        {
            "create" => CreateCommand.Run(arguments, store),
            "start" => StartCommand.Run(arguments, store),
            "run" => RunCommand.Run(arguments, store),
            "exec" => ExecCommand.Run(arguments, store),
            "state" => StateCommand.Run(arguments, store),
            "kill" => KillCommand.Run(arguments, store),
            "delete" => DeleteCommand.Run(arguments, store),
            "list" => ListCommand.Run(arguments, store),
            "ps" => PsCommand.Run(arguments, store),
            "pause" => PauseCommand.Run(arguments, store, resume: false),
            "resume" => PauseCommand.Run(arguments, store, resume: true),
            "update" => UpdateCommand.Run(arguments, store),
            "events" => EventsCommand.Run(arguments, store),
            "spec" => SpecCommand.Run(arguments),
            "features" => FeaturesCommand.Run(arguments),
            "checkpoint" or "restore" => throw new UsageException($"not supported by this runtime: {command}"),
            _ => throw new UsageException($"unknown command {command}: see skiff-runtime --help"),
        };

    static void Configure(Arguments global)
    {
        Complaints.LogPath = global.Value("log") is { Length: > 0 } path ? Path.GetFullPath(path) : null;
        Complaints.LogIsJson = global.Value("log-format") switch
        {
            null or "text" or "" => false,
            "json" => true,
            string other => throw new UsageException($"invalid log-format: {other}"),
        };
        if (global.Value("rootless") is not (null or "false" or "auto"))
            throw new UsageException("not supported by this runtime: --rootless");
    }

    /// <summary>
    /// First thing in every command that clones processes for a container: makes sure that /proc/PID/exe of the clones
    /// is nothing that a container could write to.
    /// </summary>
    internal static void Seal() => SafeProgram.Become("skiff-runtime");

    /// <summary>Writes to standard output. Returns the exit code of success.</summary>
    internal static int Print(string text) => Print(Encoding.UTF8.GetBytes(text));

    internal static int Print(ReadOnlySpan<byte> text)
    {
        var output = new Fd(1);
        Linux.Files.SafePath.WriteAll(output, text, "standard output");
        output.Release();
        return 0;
    }

    /// <summary>Says so on standard error; the exit code for failures of a shim.</summary>
    internal static int Fail(string message)
    {
        Complaints.Fail(message);
        return 125;
    }
}
