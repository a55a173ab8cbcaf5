// skiff run: create, attach, start, wait.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class RunCommand : Command
{
    readonly ContainerOptions options;
    readonly BoolFlag detach;
    readonly BoolFlag sigProxy;
    readonly StringFlag detachKeys;

    public RunCommand()
        : base(interspersed: false)
    {
        options = new ContainerOptions(Flags);
        detach = Flags.Bool("detach", "Run in the background and print the container's id", 'd');
        detachKeys = Flags.String("detach-keys", "Keys that leave the container running (default ctrl-p,ctrl-q)");
        sigProxy = Flags.Bool("sig-proxy", "Pass signals on to the container", initially: true);
    }

    public override string Usage => "[OPTIONS] IMAGE [COMMAND] [ARG...]";
    public override string Summary => "Create and run a container";
    public override IReadOnlyList<string> Examples =>
        [
            "run -it debian bash                    a shell in a new container",
            "run --rm alpine echo hello             run once, leave nothing",
            "run -d --name web -p 8080:80 nginx     a service in the background",
            "run --rm -v \"$PWD:/src\" -w /src gcc make   use files of this directory",
        ];
    public override int MinArguments => 1;
    public override bool RunsContainer => true;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var body = options.ToBody(arguments[0], [.. arguments.Skip(1)], detach);
        if (body.AttachStdin && options.Tty && !Stdio.In.IsTerminal)
            throw new CliException("the input device is not a TTY") { Plain = true };
        string? keys = detachKeys.Given ?? context.Config.DetachKeys;
        var detachSequence = options.Tty ? DetachKeys.Parse(keys) : null;
        string id = CreateCommand.Create(context, options, body);
        var engine = context.Engine;
        bool attached = body.AttachStdin || body.AttachStdout || body.AttachStderr;
        if (!attached)
        {
            Start(engine, id, null);
            CliContext.PrintLine(id);
            return 0;
        }
        using var proxy = sigProxy ? new SignalProxy(signal => Kill(context, id, signal)) : null;
        using var stream = engine.Hijack(
            new Query($"/containers/{id}/attach")
                .Add("stream", true)
                .Add("stdin", body.AttachStdin)
                .Add("stdout", body.AttachStdout)
                .Add("stderr", body.AttachStderr)
                .Add("detachKeys", keys)
        );
        // Registered before the start, so that the shortest life is not missed.
        using var waiter = context.AnotherEngine();
        var exit = WaitCommand.Begin(waiter, id, options.AutoRemove ? "removed" : "next-exit");
        Start(engine, id, options.AutoRemove ? exit : null);
        if (!body.AttachStdout && !body.AttachStderr)
            CliContext.PrintLine(id);
        var session = new TtySession(stream, options.Tty, body.AttachStdin, detachSequence);
        WindowSizeProxy? size = null;
        try
        {
            session.Run(() => size = options.Tty ? new WindowSizeProxy(context.AnotherEngine(), "/containers/" + id) : null);
        }
        finally
        {
            size?.Dispose();
        }
        return session.Detached ? 0 : WaitCommand.End(exit);
    }

    static void Start(EngineClient engine, string id, Http.HttpAnswer? removed)
    {
        try
        {
            engine.Do("POST", $"/containers/{id}/start");
        }
        catch (EngineErrorException e)
        {
            // An automatic removal is waited for, so that the name is free when we end.
            if (removed is not null)
                WaitCommand.End(removed);
            throw new CliException(e.Message, EngineErrorException.StartExitCode(e.Reason));
        }
    }

    public static void Kill(CliContext context, string id, string signal)
    {
        try
        {
            using var engine = context.AnotherEngine();
            engine.Do("POST", new Query($"/containers/{id}/kill").Add("signal", signal));
        }
        catch (CliException)
        {
            // Not started yet, or ended: the signal has nobody to reach.
        }
    }
}
