// The values of ARGs: given by the user, of before the first FROM, of the platform.
using Skiff.Engine.Dockerfile;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

/// <summary>Docs: Dockerfile reference, ARG: scope, predefined ARGs, automatic platform ARGs.</summary>
internal sealed class ArgumentScope
{
    /// <summary>Of a RUN's environment without being declared; in no history and no key.</summary>
    internal static readonly string[] Proxies =
    [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "FTP_PROXY",
        "ftp_proxy",
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];

    // Options of a build that are given as if they were arguments.
    const string OptionPrefix = "BUILDKIT_";

    readonly IReadOnlyDictionary<string, string> given;
    readonly Dictionary<string, string> platform;
    readonly Dictionary<string, string?> global = new(StringComparer.Ordinal);
    readonly HashSet<string> used = new(StringComparer.Ordinal);

    internal ArgumentScope(BuildRequest request, Platform build, Platform target, string targetStage)
    {
        given = request.Arguments;
        platform = new(StringComparer.Ordinal)
        {
            ["BUILDPLATFORM"] = build.ToString(),
            ["BUILDOS"] = build.OS,
            ["BUILDOSVERSION"] = "",
            ["BUILDARCH"] = build.Architecture,
            ["BUILDVARIANT"] = build.Variant ?? "",
            ["TARGETPLATFORM"] = target.ToString(),
            ["TARGETOS"] = target.OS,
            ["TARGETOSVERSION"] = "",
            ["TARGETARCH"] = target.Architecture,
            ["TARGETVARIANT"] = target.Variant ?? "",
            ["TARGETSTAGE"] = targetStage.Length > 0 ? targetStage : "default",
        };
    }

    /// <summary>An ARG before the first FROM.</summary>
    internal void DeclareGlobal(string name, string? @default) => global[name] = Given(name) ?? @default;

    /// <summary>What FROM sees.</summary>
    internal string? Global(string name) =>
        global.TryGetValue(name, out string? value) ? value : platform.GetValueOrDefault(name);

    /// <summary>The value of an ARG in a stage; null: none.</summary>
    internal string? Of(string name, string? @default) => Given(name) ?? @default ?? Global(name);

    internal IEnumerable<string> ProxyVariables() => Proxies.Where(given.ContainsKey).Select(name => $"{name}={Given(name)}");

    /// <summary>When everything in the image is said to be made, or null. Docs: reproducible-builds.org, SOURCE_DATE_EPOCH.</summary>
    /// <exception cref="EngineException">InvalidParameter: no number of seconds</exception>
    internal DateTimeOffset? Epoch =>
        Given("SOURCE_DATE_EPOCH") is not { Length: > 0 } text ? null
        : long.TryParse(text, out long seconds) && seconds is >= 0 and < 253402300800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : throw EngineException.Invalid($"invalid SOURCE_DATE_EPOCH: {text}");

    /// <summary>Given, but asked for by nothing.</summary>
    internal IReadOnlyList<string> Unused()
    {
        lock (used)
            return
            [
                .. given
                    .Keys.Where(n =>
                        !used.Contains(n) && !Proxies.Contains(n) && !n.StartsWith(OptionPrefix, StringComparison.Ordinal)
                    )
                    .Order(StringComparer.Ordinal),
            ];
    }

    string? Given(string name)
    {
        if (!given.TryGetValue(name, out string? value))
            return null;
        lock (used)
            used.Add(name);
        return value;
    }
}
