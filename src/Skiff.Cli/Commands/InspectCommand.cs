// skiff inspect: all that the engine knows of an object, as JSON or by a template.
using System.Text;
using System.Text.Json;
using Skiff.Cli.Options;
using Skiff.Cli.Output;

namespace Skiff.Cli.Commands;

internal sealed class InspectCommand : Command
{
    static readonly string[] Kinds = ["container", "image", "network", "volume"];
    readonly string kind;
    readonly StringFlag format;
    readonly StringFlag? type;
    readonly BoolFlag? size;
    readonly StringFlag? platform;
    readonly BoolFlag? verbose;

    /// <param name="kind">"container", "image", "network", "volume", or "" for whichever has the name</param>
    public InspectCommand(string kind)
    {
        this.kind = kind;
        format = Flags.String("format", "json, or a Go template", 'f');
        if (kind is "" or "container")
            size = Flags.Bool("size", "Show how much a container has written", 's');
        if (kind == "")
            type = Flags.String("type", "Only objects of this kind: container, image, network, volume");
        if (kind == "image")
            platform = Flags.String("platform", "Platform of the image (linux/amd64)");
        if (kind == "network")
            verbose = Flags.Bool("verbose", "Say more", 'v');
    }

    public override string Usage =>
        kind.Length == 0
            ? "[OPTIONS] NAME|ID [NAME|ID...]"
            : $"[OPTIONS] {kind.ToUpperInvariant()} [{kind.ToUpperInvariant()}...]";
    public override string Summary =>
        kind.Length == 0 ? "Show all about containers, images, networks or volumes" : $"Show all about {kind}s";
    public override IReadOnlyList<string> Examples =>
        kind.Length == 0 ? ["inspect web", "inspect -f '{{.State.Status}} {{json .Config.Env}}' web"] : [];
    public override int MinArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string only = type?.Given ?? kind;
        if (only.Length > 0 && Array.IndexOf(Kinds, only) < 0)
            throw new CliException(
                $"unknown type: \"{only}\": must be one of {string.Join(", ", Kinds.Select(k => $"\"{k}\""))}"
            );
        var template = format.Value is "" or "json" ? null : Parse(format);
        var found = new List<JsonElement>();
        var failures = new List<string>();
        var texts = new StringBuilder();
        foreach (string name in arguments)
            try
            {
                var element = Find(context, name, only);
                if (template is not null)
                    texts.Append(template.Run(new GoJson(element, ""))).Append('\n');
                found.Add(element);
            }
            catch (EngineErrorException e)
            {
                failures.Add(e.Message);
            }
            catch (CliException e)
            {
                failures.Add(e.Message);
            }
            catch (FormatException e)
            {
                // As docker does, an empty line stands for what could not be shown.
                texts.Append('\n');
                failures.Add("template parsing error: " + e.Message);
            }
        CliContext.Print(
            template is not null ? texts.ToString()
            : format.Value == "json" ? $"[{string.Join(',', found.Select(e => e.GetRawText()))}]\n"
            : JsonText.Indented(found)
        );
        foreach (string failure in failures)
            CliContext.Warn(failure);
        return failures.Count == 0 ? 0 : 1;
    }

    static GoTemplate Parse(string format)
    {
        try
        {
            return GoTemplate.Parse(format);
        }
        catch (FormatException e)
        {
            throw new CliException("template parsing error: " + e.Message, 64);
        }
    }

    JsonElement Find(CliContext context, string name, string only)
    {
        foreach (string candidate in only.Length > 0 ? [only] : Kinds)
            try
            {
                return Get(context, candidate, name);
            }
            catch (EngineErrorException e)
                when (only.Length == 0 && (e.Status is 404 or 501 || candidate != "container" && e.Status == 400))
            {
                // Perhaps of another kind.
            }
        throw new CliException($"Error: No such object: {name}");
    }

    JsonElement Get(CliContext context, string candidate, string name)
    {
        Query query = candidate switch
        {
            "container" => new Query($"/containers/{Query.Escape(name)}/json").Add("size", size is not null && size),
            "image" => new Query($"/images/{Query.EscapeImage(name)}/json").Add(
                "platform",
                PlatformOption.ToJson(platform?.Given)
            ),
            "network" => new Query($"/networks/{Query.Escape(name)}").Add("verbose", verbose is not null && verbose),
            _ => new Query($"/volumes/{Query.Escape(name)}"),
        };
        using var document = JsonDocument.Parse(context.Engine.GetRaw(query));
        return document.RootElement.Clone();
    }
}
