// skiff logs: what a container has written.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class LogsCommand : Command
{
    readonly BoolFlag details,
        follow,
        timestamps;
    readonly StringFlag since,
        until,
        tail;

    public LogsCommand()
    {
        details = Flags.Bool("details", "Show the attributes of each line");
        follow = Flags.Bool("follow", "Go on showing what it writes", 'f');
        since = Flags.String("since", "Only from this time on (2026-01-02T15:04:05Z, or 10m for ten minutes ago)");
        tail = Flags.String("tail", "Only the last lines, this many", 'n', "all");
        timestamps = Flags.Bool("timestamps", "Show the time of each line", 't');
        until = Flags.String("until", "Only up to this time");
    }

    public override string Usage => "[OPTIONS] CONTAINER";
    public override string Summary => "Show what a container has written";
    public override IReadOnlyList<string> Examples => ["logs -f --tail 10 web"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string container = $"/containers/{Query.Escape(arguments[0])}";
        var answer = context.Engine.Request(
            "GET",
            new Query(container + "/logs")
                .Add("stdout", true)
                .Add("stderr", true)
                .Add("follow", follow)
                .Add("timestamps", timestamps)
                .Add("details", details)
                .Add("since", TimeOption.ToUnix(since))
                .Add("until", TimeOption.ToUnix(until))
                .Add("tail", tail)
        );
        var demultiplexer = IsRaw(context, answer, container) ? null : new StdioDemultiplexer();
        var buffer = new byte[32 << 10];
        int count;
        while ((count = answer.Body.Read(buffer)) > 0)
        {
            if (demultiplexer is null)
                Stdio.Out.Write(buffer.AsSpan(0, count));
            else
                demultiplexer.Feed(
                    buffer.AsSpan(0, count),
                    (stream, bytes) => (stream == StdioStream.Stderr ? Stdio.Error : Stdio.Out).Write(bytes)
                );
        }
        return 0;
    }

    // The type of the answer tells since API 1.42; before, only the container does.
    static bool IsRaw(CliContext context, Http.HttpAnswer answer, string container)
    {
        if (context.Engine.Version >= new ApiVersion(1, 42))
            return answer.Headers.GetValueOrDefault("Content-Type", "") == "application/vnd.docker.raw-stream";
        using var engine = context.AnotherEngine();
        return engine.Get(container + "/json", DockerJson.Wire.ContainerInspect).Config?.Tty == true;
    }
}
