// skiff stats: what containers use, as a table that is kept up to date.
using System.Text;
using System.Text.Json;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class StatsCommand : Command
{
    const int RefreshMilliseconds = 500;

    readonly BoolFlag all,
        noStream,
        noTrunc;
    readonly StringFlag format;
    readonly Lock gate = new();
    readonly List<Watched> watched = [];

    /// <summary>Set when a container has gone: the table need not wait.</summary>
    readonly AutoResetEvent refresh = new(false);

    public StatsCommand()
    {
        all = Flags.Bool("all", "Show stopped containers too", 'a');
        format = Flags.String("format", ListFormat.Help);
        noStream = Flags.Bool("no-stream", "Show it once");
        noTrunc = Flags.Bool("no-trunc", "Shorten nothing");
    }

    public override string Usage => "[OPTIONS] [CONTAINER...]";
    public override string Summary => "Show what containers use, as it changes";
    public override IReadOnlyList<string> Examples =>
        ["stats", "stats --no-stream web", "stats --format '{{.Name}}: {{.CPUPerc}} {{.MemUsage}}'"];

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string template = format.Given ?? context.Config.StatsFormat ?? "";
        _ = StatsRow.Listing.Format([], template, quiet: false); // a wrong template is an error before anything is asked
        if (arguments.Count > 0)
            foreach (string name in arguments)
                Watch(context, name);
        else
        {
            if (!noStream)
                Follow(context);
            foreach (
                var container in context.Engine.Get(
                    new Query("/containers/json").Add("all", all),
                    DockerJson.Wire.IReadOnlyListContainerSummary
                )
            )
                Watch(context, container.Id);
        }
        foreach (var one in Watched())
            one.First.Wait();
        var failures = Watched().Where(w => w.Failure is not null).Select(w => w.Failure!).ToList();
        if (failures.Count > 0)
            throw new CliException(string.Join('\n', failures));
        if (noStream)
        {
            CliContext.Print(Table(template));
            return 0;
        }
        CliContext.Print("\e[2J");
        while (true)
        {
            // What a longer line, or a longer table, has left on the screen is erased.
            CliContext.Print("\e[H" + Table(template).Replace("\n", "\e[K\n", StringComparison.Ordinal) + "\e[J");
            if (arguments.Count > 0 && Watched().All(w => w.Ended))
                return 0;
            refresh.WaitOne(RefreshMilliseconds);
        }
    }

    string Table(string template) =>
        StatsRow.Listing.Format([.. Watched().Select(w => StatsRow.Of(w.Name, w.Frame, noTrunc))], template, quiet: false);

    List<Watched> Watched()
    {
        lock (gate)
            return [.. watched];
    }

    /// <summary>Reads a container's frames on a thread of its own.</summary>
    void Watch(CliContext context, string name)
    {
        var one = new Watched(name);
        lock (gate)
        {
            if (watched.Exists(w => w.Name == name))
                return;
            watched.Add(one);
        }
        var engine = context.AnotherEngine();
        Start(() =>
        {
            using (engine)
                one.Read(engine, stream: !noStream);
            refresh.Set();
        });
    }

    /// <summary>Containers come and go with the engine's events.</summary>
    void Follow(CliContext context)
    {
        var filters = new Filters();
        filters.Add("type", "container");
        var engine = context.AnotherEngine();
        var stream = new JsonStream(engine.Request("GET", new Query("/events").Add("filters", filters)).Body);
        Start(() =>
        {
            using (engine)
                while (stream.Next() is { } json)
                {
                    var happened = JsonSerializer.Deserialize(json.Span, DockerJson.Wire.EventMessage)!;
                    string action = happened.Action;
                    if (action == "start" || all && action == "create")
                        Watch(context, happened.Actor.ID);
                    else if (action == "destroy" || !all && action == "die")
                        lock (gate)
                            watched.RemoveAll(w => w.Name == happened.Actor.ID);
                }
        });
    }

    static void Start(Action work) =>
        new Thread(
            () =>
            {
                try
                {
                    work();
                }
                catch (Exception e) when (e is CliException or IOException or System.Net.Sockets.SocketException or JsonException)
                {
                    // The engine is gone, or the container: its last numbers stand until the table is drawn anew.
                }
            },
            maxStackSize: 256 << 10
        )
        {
            IsBackground = true,
        }.Start();
}

/// <summary>A container whose frames are being read.</summary>
internal sealed class Watched(string name)
{
    volatile StatsBody? frame;
    volatile string? failure;
    volatile bool ended;

    public string Name { get; } = name;

    /// <summary>Set once there is a frame or a failure.</summary>
    public ManualResetEventSlim First { get; } = new();

    /// <summary>The latest; null if there is none (any more).</summary>
    public StatsBody? Frame => frame;
    public string? Failure => failure;

    /// <summary>No more will come.</summary>
    public bool Ended => ended;

    public void Read(EngineClient engine, bool stream)
    {
        try
        {
            var answer = engine.Request(
                "GET",
                new Query($"/containers/{Query.Escape(Name)}/stats").Add("stream", stream ? "1" : "0")
            );
            var frames = new JsonStream(answer.Body);
            while (frames.Next() is { } json)
            {
                frame = JsonSerializer.Deserialize(json.Span, DockerJson.Wire.StatsBody);
                First.Set();
            }
            if (stream)
                frame = null;
        }
        catch (CliException e)
        {
            failure = e.Message;
            frame = null;
        }
        finally
        {
            ended = true;
            First.Set();
        }
    }
}
