// The flags of skiff build as the query of POST /build.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Skiff.Cli.Http;
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed partial class BuildCommand
{
    Query QueryOf(string place, bool isUrl, ref string? text)
    {
        var query = new Query("/build");
        if (isUrl)
            query.Add("remote", place);
        if (text is null && file.Given is { } path)
        {
            // As docker: a path of the user's, which may be in the context or anywhere else.
            string root = isUrl || place == "-" ? "" : Path.GetFullPath(place);
            string whole = Path.GetFullPath(path);
            if (root.Length == 0)
                query.Add("dockerfile", path);
            else if (whole.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal))
                query.Add("dockerfile", Path.GetRelativePath(root, whole));
            else
            {
                using var stream = InputFile.Open(path);
                text = ReadText(stream, path);
            }
        }
        foreach (string name in tag.Values)
            query.Add("t", Reference.Parse(name).WithDefaultTag().Familiar);
        foreach (string host in addHost.Values)
            query.Add("extrahosts", host);
        return query
            .Add(
                "buildargs",
                Map(buildArg.Values.Select(Argument).Where(a => a.Value is not null).Select(a => (a.Name, a.Value!)))
            )
            .Add("labels", Map(label.Values.Select(l => l.Contains('=') ? Pair(l) : (Name: l, Value: ""))))
            .Add(
                "namedimages",
                Map(
                    buildContext
                        .Values.Select(Pair)
                        .Where(p => p.Value.StartsWith("docker-image://", StringComparison.Ordinal))
                        .Select(p => (p.Name, p.Value["docker-image://".Length..]))
                )
            )
            .Add("allow", allow.Values.Count > 0 ? string.Join(',', allow.Values) : null)
            .Add("check", check)
            .Add("cgroupparent", cgroupParent.Given)
            .Add("cpuperiod", Number(cpuPeriod))
            .Add("cpuquota", Number(cpuQuota))
            .Add("cpushares", Number(cpuShares))
            .Add("cpusetcpus", cpusetCpus.Given)
            .Add("cpusetmems", cpusetMems.Given)
            .Add("memory", memory.IsSet ? memory.Value.ToString(CultureInfo.InvariantCulture) : null)
            .Add("memswap", memorySwap.IsSet ? memorySwap.Value.ToString(CultureInfo.InvariantCulture) : null)
            .Add("networkmode", network.Value)
            .Add("nocache", noCache)
            .Add("platform", platform.Given)
            .Add("pull", pull)
            .Add("shmsize", shmSize.IsSet ? shmSize.Value.ToString(CultureInfo.InvariantCulture) : null)
            .Add("target", target.Given)
            .Add(
                "ulimits",
                ulimit.Values.Count > 0
                    ? Encoding.UTF8.GetString(
                        JsonSerializer.SerializeToUtf8Bytes(
                            [.. ulimit.Values.Select(DeviceOption.Ulimit)],
                            DockerJson.Wire.IReadOnlyListUlimitBody
                        )
                    )
                    : null
            );
    }

    static string? Number(IntegerFlag flag) => flag.IsSet ? flag.Value.ToString(CultureInfo.InvariantCulture) : null;

    static string? Map(IEnumerable<(string Name, string Value)> pairs)
    {
        var map = new Dictionary<string, string>();
        foreach (var (name, value) in pairs)
            map[name] = value;
        return map.Count > 0 ? JsonSerializer.Serialize(map, DockerJson.Wire.DictionaryStringString) : null;
    }

    static (string Name, string? Value) Argument(string text) =>
        text.Contains('=') ? Pair(text) : (text, Environment.GetEnvironmentVariable(text));

    internal static (string Name, string Value) Pair(string text)
    {
        int equals = text.IndexOf('=');
        return equals > 0
            ? (text[..equals], text[(equals + 1)..])
            : throw new CliException($"invalid value {text}: expected name=value");
    }
}
