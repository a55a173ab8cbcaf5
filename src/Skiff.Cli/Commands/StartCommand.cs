// skiff start: containers that exist; with -a one of them in the foreground.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class StartCommand : Command
{
    readonly BoolFlag attach;
    readonly BoolFlag interactive;
    readonly StringFlag detachKeys;

    public StartCommand()
    {
        attach = Flags.Bool("attach", "Attach stdout and stderr, and pass signals on", 'a');
        interactive = Flags.Bool("interactive", "Attach stdin", 'i');
        detachKeys = Flags.String("detach-keys", "Keys that leave the container running (default ctrl-p,ctrl-q)");
    }

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Start stopped containers";
    public override IReadOnlyList<string> Examples =>
        ["start web", "start -ai box     continue in a container that was left with exit"];
    public override int MinArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (!attach && !interactive)
            return StartAll(context, arguments);
        if (arguments.Count > 1)
            throw new CliException("you cannot start and attach multiple containers at once");
        return StartAttached(context, arguments[0]);
    }

    static int StartAll(CliContext context, IReadOnlyList<string> names)
    {
        var failed = new List<string>();
        foreach (string name in names)
            try
            {
                context.Engine.Do("POST", $"/containers/{Query.Escape(name)}/start");
                CliContext.PrintLine(name);
            }
            catch (EngineErrorException e)
            {
                CliContext.Warn(e.Message);
                failed.Add(name);
            }
        if (failed.Count > 0)
            throw new CliException("Error: failed to start containers: " + string.Join(", ", failed));
        return 0;
    }

    int StartAttached(CliContext context, string name)
    {
        var engine = context.Engine;
        var container = engine.Get($"/containers/{Query.Escape(name)}/json", DockerJson.Wire.ContainerInspect);
        string id = container.Id;
        bool tty = container.Config?.Tty == true;
        bool stdin = interactive && container.Config?.OpenStdin == true;
        string? keys = detachKeys.Given ?? context.Config.DetachKeys;
        var detachSequence = tty ? DetachKeys.Parse(keys) : null;
        using var proxy = tty ? null : new SignalProxy(signal => RunCommand.Kill(context, id, signal));
        using var stream = engine.Hijack(
            new Query($"/containers/{id}/attach")
                .Add("stream", true)
                .Add("stdin", stdin)
                .Add("stdout", true)
                .Add("stderr", true)
                .Add("detachKeys", keys)
        );
        using var waiter = context.AnotherEngine();
        var exit = WaitCommand.Begin(waiter, id, container.HostConfig?.AutoRemove == true ? "removed" : "next-exit");
        engine.Do("POST", $"/containers/{id}/start");
        var session = new TtySession(stream, tty, stdin, detachSequence);
        WindowSizeProxy? size = null;
        try
        {
            session.Run(() => size = tty ? new WindowSizeProxy(context.AnotherEngine(), "/containers/" + id) : null);
        }
        finally
        {
            size?.Dispose();
        }
        return session.Detached ? 0 : WaitCommand.End(exit);
    }
}
