// --docker of context create and update: "host=tcp://h:2375,skip-tls-verify=true".
using Skiff.Cli.Options;

namespace Skiff.Cli.Contexts;

internal static class EndpointOption
{
    public const string Help = "Engine: host=unix:///path or tcp://host:port, or from=CONTEXT";

    /// <summary>The context with what the option says.</summary>
    /// <exception cref="CliException">a key that is none, or not supported</exception>
    public static DockerContext Apply(DockerContext context, IReadOnlyList<string> pairs, Func<string, DockerContext> find)
    {
        foreach (string pair in pairs.SelectMany(p => p.Split(',')))
        {
            var (key, value) = Values.Pair(pair);
            context = key switch
            {
                "host" => context with { Host = Checked(value ?? "") },
                "from" => context with { Host = find(value ?? "").Host },
                "skip-tls-verify" => context with { SkipTlsVerify = value is "true" or "1" },
                "ca" or "cert" or "key" => throw new CliException(
                    $"unable to create docker endpoint config: {key}: TLS is not supported by this release of Skiff"
                ),
                _ => throw new CliException($"unable to create docker endpoint config: unrecognized config key: {key}"),
            };
        }
        return context;
    }

    static string Checked(string host) =>
        host.Contains("://", StringComparison.Ordinal)
            ? host
            : throw new CliException($"unable to create docker endpoint config: unable to parse docker host `{host}`");
}
