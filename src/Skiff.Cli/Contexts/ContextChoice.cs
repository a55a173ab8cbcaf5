// Which engine is meant: --host, --context, DOCKER_HOST, DOCKER_CONTEXT, the context in use, the default socket; in this order.
using Skiff.Cli.Http;
using Skiff.Cli.Options;

namespace Skiff.Cli.Contexts;

internal sealed class ContextChoice
{
    readonly CliConfig config;
    readonly string? namedHost;

    /// <exception cref="CliException">both a host and a context are named</exception>
    public ContextChoice(GlobalOptions global, CliConfig config)
    {
        this.config = config;
        if (global.Host is not null && global.Context is not null)
            throw new CliException("conflicting options: cannot specify both --host and --context");
        namedHost = global.Host ?? (global.Context is null ? HostVariable : null);
        Name =
            global.Context is { Length: > 0 } named ? named
            : namedHost is not null ? ContextStore.Default
            : Variable("DOCKER_CONTEXT") ?? config.CurrentContext ?? ContextStore.Default;
    }

    /// <summary>DOCKER_HOST, if it says something.</summary>
    public static string? HostVariable => Variable("DOCKER_HOST");

    public string Name { get; }

    /// <exception cref="CliException">there is no such context</exception>
    public string Host
    {
        get
        {
            if (Name == ContextStore.Default)
                return DefaultHost;
            var store = new ContextStore(config.DirectoryPath);
            if (!store.Contains(Name))
                throw new CliException("Failed to initialize: unable to resolve docker endpoint: " + store.NotFound(Name));
            return Normal(store.Get(Name).Host);
        }
    }

    /// <summary>Of the context "default".</summary>
    public string DefaultHost => Normal(namedHost ?? HostVariable ?? EngineAddress.Default);

    static string Normal(string host) =>
        host.Contains("://", StringComparison.Ordinal) ? host
        : host.StartsWith('/') ? "unix://" + host
        : "tcp://" + host;

    static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
