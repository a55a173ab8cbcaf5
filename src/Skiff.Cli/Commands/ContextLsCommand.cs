// skiff context ls: the contexts there are, and which is in use.
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;
using Skiff.Cli.Output;

namespace Skiff.Cli.Commands;

internal sealed class ContextLsCommand : Command
{
    readonly StringFlag format;
    readonly BoolFlag quiet;

    public ContextLsCommand()
    {
        format = Flags.String("format", ListFormat.Help);
        quiet = Flags.Bool("quiet", "Show only names", 'q');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "List contexts";
    public override int MaxArguments => 0;

    static readonly Listing Listing = new(
        new Dictionary<string, string>
        {
            ["Name"] = "NAME",
            ["Description"] = "DESCRIPTION",
            ["DockerEndpoint"] = "DOCKER ENDPOINT",
            ["Error"] = "ERROR",
            ["Current"] = "CURRENT",
        },
        ["Name", "Description", "DockerEndpoint", "Error"],
        "Name",
        "*formatter.clientContextContext"
    );

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        bool table = format.Value is "" or "table";
        var all = context
            .Contexts.List()
            .Append(context.FindContext(ContextStore.Default))
            .OrderBy(c => c.Name, StringComparer.Ordinal);
        var rows = all.Select(c =>
        {
            bool current = c.Name == context.ContextName;
            return new Row
            {
                Truths = ["Current"],
                ["Name"] = current && table && !quiet ? c.Name + " *" : c.Name,
                ["Description"] = c.Description,
                ["DockerEndpoint"] = c.Host,
                ["Error"] = "",
                ["Current"] = current ? "true" : "false",
            };
        });
        CliContext.Print(Listing.Format([.. rows], format, quiet));
        if (table && !quiet && ContextChoice.HostVariable is not null && context.Config.CurrentContext is not null)
            CliContext.Warn(
                "Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable."
            );
        return 0;
    }
}
