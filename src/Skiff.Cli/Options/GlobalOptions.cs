// Flags before the command: where the engine is, where settings are.
namespace Skiff.Cli.Options;

internal sealed class GlobalOptions
{
    readonly StringFlag host;
    readonly StringFlag config;
    readonly StringFlag context;

    public GlobalOptions()
    {
        config = Flags.String("config", "Directory of the client's settings", initially: CliConfig.DefaultDirectory);
        context = Flags.Add(
            new StringFlag("context", 'c', "string", "Context to use: a name for an engine (also DOCKER_CONTEXT)")
        );
        host = Flags.Add(
            new StringFlag("host", 'H', "string", "Engine to use: unix:///path or tcp://host:port (also DOCKER_HOST)")
        );
        Version = Flags.Bool("version", "Print the version and quit", 'v');
        Help = Flags.Bool("help", "Show this help", 'h');
    }

    public FlagSet Flags { get; } = new() { Interspersed = false };
    public BoolFlag Version { get; }
    public BoolFlag Help { get; }
    public string ConfigDirectory => config;

    /// <summary>As given; null if not.</summary>
    public string? Host => host.Given;
    public string? Context => context.Given;
}
