// skiff events: what happens at the engine, as it happens.
using System.Text.Json;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class EventsCommand : Command
{
    readonly ListFlag filter;
    readonly StringFlag format,
        since,
        until;

    public EventsCommand()
    {
        filter = Flags.Add(
            new ListFlag("filter", 'f', "filter", "Show only some (type=container, event=die, container=web ...)")
            {
                Check = Values.Filter,
            }
        );
        format = Flags.String("format", "json, or a Go template");
        since = Flags.String("since", "From this time on (2026-01-02T15:04:05Z, or 10m for ten minutes ago)");
        until = Flags.String("until", "End at this time");
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Show events of the engine as they happen";
    public override IReadOnlyList<string> Examples => ["events --since 1h --filter type=container"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var template = format.Value is "" or "json" ? null : Parse(format);
        var answer = context.Engine.Request(
            "GET",
            new Query("/events")
                .Add("since", TimeOption.ToUnix(since))
                .Add("until", TimeOption.ToUnix(until))
                .Add("filters", Values.Filters(filter))
        );
        var stream = new JsonStream(answer.Body);
        while (stream.Next() is { } json)
        {
            if (format == "json")
            {
                CliContext.PrintLine(System.Text.Encoding.UTF8.GetString(json.Span));
                continue;
            }
            if (template is not null)
            {
                using var document = JsonDocument.Parse(json);
                try
                {
                    CliContext.PrintLine(template.Run(new GoJson(document.RootElement, "*events.Message")));
                }
                catch (FormatException e)
                {
                    throw new CliException("Error parsing format: " + e.Message, 64);
                }
                continue;
            }
            CliContext.PrintLine(Line(JsonSerializer.Deserialize(json.Span, DockerJson.Wire.EventMessage)!));
        }
        return 0;
    }

    static GoTemplate Parse(string format)
    {
        try
        {
            return GoTemplate.Parse(format);
        }
        catch (FormatException e)
        {
            throw new CliException("Error parsing format: " + e.Message, 64);
        }
    }

    // "2026-11-23T15:20:15.238534324Z container create 1461806c79f3... (image=busybox, name=web)"
    static string Line(EventMessage happened)
    {
        long nanoseconds = happened.TimeNano != 0 ? happened.TimeNano : happened.Time * 1_000_000_000;
        var moment = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100).ToLocalTime();
        string zone =
            moment.Offset == TimeSpan.Zero ? "Z" : moment.ToString("zzz", System.Globalization.CultureInfo.InvariantCulture);
        string time = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{moment:yyyy-MM-ddTHH:mm:ss}.{nanoseconds % 1_000_000_000:d9}{zone}"
        );
        var attributes = (happened.Actor.Attributes ?? new Dictionary<string, string>())
            .OrderBy(a => a.Key, StringComparer.Ordinal)
            .Select(a => $"{a.Key}={a.Value}")
            .ToList();
        string line = $"{time} {happened.Type} {happened.Action} {happened.Actor.ID}";
        return attributes.Count == 0 ? line : $"{line} ({string.Join(", ", attributes)})";
    }
}
