// skiff attach: joins the terminal with a running container.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class AttachCommand : Command
{
    readonly BoolFlag noStdin;
    readonly BoolFlag sigProxy;
    readonly StringFlag detachKeys;

    public AttachCommand()
    {
        detachKeys = Flags.String("detach-keys", "Keys that leave the container running (default ctrl-p,ctrl-q)");
        noStdin = Flags.Bool("no-stdin", "Do not attach stdin");
        sigProxy = Flags.Bool("sig-proxy", "Pass signals on to the container", initially: true);
    }

    public override string Usage => "[OPTIONS] CONTAINER";
    public override string Summary => "Attach stdin, stdout and stderr to a running container";
    public override IReadOnlyList<string> Examples => ["attach box     leave it running with ctrl-p ctrl-q"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var engine = context.Engine;
        var container = engine.Get($"/containers/{Query.Escape(arguments[0])}/json", DockerJson.Wire.ContainerInspect);
        if (!container.State.Running)
            throw new CliException("You cannot attach to a stopped container, start it first");
        if (container.State.Paused)
            throw new CliException("You cannot attach to a paused container, unpause it first");
        if (container.State.Restarting)
            throw new CliException("You cannot attach to a restarting container, wait until it is running");
        string id = container.Id;
        bool tty = container.Config?.Tty == true;
        bool stdin = !noStdin && container.Config?.OpenStdin == true;
        if (stdin && tty && !Stdio.In.IsTerminal)
            throw new CliException("the input device is not a TTY");
        string? keys = detachKeys.Given ?? context.Config.DetachKeys;
        var detachSequence = tty ? DetachKeys.Parse(keys) : null;
        using var proxy = sigProxy && !tty ? new SignalProxy(signal => RunCommand.Kill(context, id, signal)) : null;
        using var waiter = context.AnotherEngine();
        var exit = WaitCommand.Begin(waiter, id, "not-running");
        using var stream = engine.Hijack(
            new Query($"/containers/{id}/attach")
                .Add("stream", true)
                .Add("stdin", stdin)
                .Add("stdout", true)
                .Add("stderr", true)
                .Add("detachKeys", keys)
        );
        var session = new TtySession(stream, tty, stdin, detachSequence);
        WindowSizeProxy? size = null;
        try
        {
            session.Run(() =>
                size = tty ? new WindowSizeProxy(context.AnotherEngine(), "/containers/" + id, redraw: true) : null
            );
        }
        finally
        {
            size?.Dispose();
        }
        if (session.Detached)
            throw new CliException("read escape sequence");
        return WaitCommand.End(exit);
    }
}
