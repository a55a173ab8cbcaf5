// skiff exec: a further process in a running container.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;
using Skiff.Linux.Terminals;

namespace Skiff.Cli.Commands;

internal sealed class ExecCommand : Command
{
    readonly BoolFlag detach,
        interactive,
        privileged,
        tty;
    readonly ListFlag env,
        envFile;
    readonly StringFlag detachKeys,
        user,
        workdir;

    public ExecCommand()
        : base(interspersed: false)
    {
        detach = Flags.Bool("detach", "Run in the background", 'd');
        detachKeys = Flags.String("detach-keys", "Keys that leave the process running (default ctrl-p,ctrl-q)");
        env = Flags.Add(
            new ListFlag("env", 'e', "list", "Set an environment variable (A=b, or A for its value here)")
            {
                Check = Values.Environment,
            }
        );
        envFile = Flags.List("env-file", "Set environment variables from a file");
        interactive = Flags.Bool("interactive", "Keep stdin open", 'i');
        privileged = Flags.Bool("privileged", "Give it all capabilities");
        tty = Flags.Bool("tty", "Give it a terminal", 't');
        user = Flags.String("user", "User and group (name|uid[:group|gid])", 'u');
        workdir = Flags.String("workdir", "Directory to run in", 'w');
    }

    public override string Usage => "[OPTIONS] CONTAINER COMMAND [ARG...]";
    public override string Summary => "Run a command in a running container";
    public override IReadOnlyList<string> Examples => ["exec -it web sh", "exec web cat /etc/hosts"];
    public override int MinArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (!detach && interactive && tty && !Stdio.In.IsTerminal)
            throw new CliException("the input device is not a TTY");
        string? keys = detachKeys.Given ?? context.Config.DetachKeys;
        var detachSequence = tty ? DetachKeys.Parse(keys) : null;
        int[]? size = tty && Termios.GetWindowSize(Stdio.Out.Number) is { } window ? [window.Rows, window.Columns] : null;
        var engine = context.Engine;
        List<string> variables = [.. envFile.Values.SelectMany(f => Values.FromFile(f, environment: true)), .. env.Values];
        var body = new ExecCreateBody
        {
            User = user,
            Privileged = privileged,
            Tty = tty,
            ConsoleSize = size,
            AttachStdin = interactive && !detach,
            AttachStdout = !detach,
            AttachStderr = !detach,
            DetachKeys = keys ?? "",
            Env = variables.Count == 0 ? null : variables,
            WorkingDir = workdir,
            Cmd = [.. arguments.Skip(1)],
        };
        string id = engine
            .Post(
                $"/containers/{Query.Escape(arguments[0])}/exec",
                EngineClient.Json(body, DockerJson.Wire.ExecCreateBody),
                DockerJson.Wire.IdAnswer
            )
            .Id;
        var start = EngineClient.Json(
            new ExecStartBody
            {
                Detach = detach,
                Tty = tty,
                ConsoleSize = size,
            },
            DockerJson.Wire.ExecStartBody
        );
        try
        {
            if (!detach)
                return RunAttached(context, id, start, detachSequence);
            engine.Do("POST", $"/exec/{id}/start", start);
            return 0;
        }
        catch (EngineErrorException e)
        {
            int code = EngineErrorException.StartExitCode(e.Reason);
            throw new CliException(e.Message, code == CliException.Ours ? 1 : code);
        }
    }

    int RunAttached(CliContext context, string id, ReadOnlyMemory<byte> start, DetachKeys? keys)
    {
        using var stream = context.Engine.Hijack($"/exec/{id}/start", start);
        var session = new TtySession(stream, tty, interactive, keys);
        WindowSizeProxy? size = null;
        try
        {
            session.Run(() => size = tty ? new WindowSizeProxy(context.AnotherEngine(), "/exec/" + id) : null);
        }
        finally
        {
            size?.Dispose();
        }
        if (session.Detached)
            throw new CliException("read escape sequence");
        return context.Engine.Get($"/exec/{id}/json", DockerJson.Wire.ExecInspect).ExitCode ?? 0;
    }
}
