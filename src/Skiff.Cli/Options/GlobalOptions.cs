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
            new StringFlag("context", 'c', "string", "Name of the context; only \"default\" exists")
            {
                Check = name =>
                {
                    if (name is not ("default" or ""))
                        throw new FormatException($"context \"{name}\" does not exist: contexts are not supported, use --host");
                },
            }
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

    /// <summary>--host, else DOCKER_HOST, else the default socket.</summary>
    public string EngineHost
    {
        get
        {
            string? named = host.Given ?? (context.IsSet ? null : Environment.GetEnvironmentVariable("DOCKER_HOST"));
            if (named is { Length: > 0 })
                return named.Contains("://", StringComparison.Ordinal) ? named
                    : named.StartsWith('/') ? "unix://" + named
                    : "tcp://" + named;
            return Http.EngineAddress.Default;
        }
    }
}
