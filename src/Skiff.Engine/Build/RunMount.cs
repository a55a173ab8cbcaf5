// RUN --mount: what a step sees besides its root.
using System.Globalization;
using Skiff.Engine.Dockerfile;

namespace Skiff.Engine.Build;

/// <summary>Docs: Dockerfile reference, RUN --mount. Missing numbers are null.</summary>
internal sealed record RunMount
{
    internal string Type { get; init; } = "bind";
    internal string Target { get; init; } = "";
    internal string Source { get; init; } = "";
    internal string? From { get; init; }
    internal bool ReadOnly { get; init; }
    internal string Id { get; init; } = "";

    /// <summary>Of a cache: "shared", "private", "locked".</summary>
    internal string Sharing { get; init; } = "shared";
    internal bool Required { get; init; }

    /// <summary>Of a secret: the variable that it is in; null: it is a file.</summary>
    internal string? Variable { get; init; }
    internal long SizeBytes { get; init; }
    internal uint? Mode { get; init; }
    internal uint? Uid { get; init; }
    internal uint? Gid { get; init; }

    /// <exception cref="EngineException">InvalidParameter, naming the line; NotImplemented: ssh</exception>
    internal static RunMount Parse(string text, Instruction instruction, Expansion expansion, string workingDirectory)
    {
        var mount = new RunMount();
        string? target = null;
        bool? readOnly = null;
        foreach (string field in text.Split(','))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string key = (equals < 0 ? field : field[..equals]).ToLowerInvariant();
            string value = equals < 0 ? "" : expansion.Word(field[(equals + 1)..]);
            switch (key)
            {
                case "type":
                    mount = mount with
                    {
                        Type = value is "bind" or "cache" or "tmpfs" or "secret" or "ssh"
                            ? value
                            : throw instruction.Error($"unsupported mount type \"{value}\""),
                    };
                    break;
                case "target" or "dst" or "destination":
                    target = value;
                    break;
                case "source" or "src":
                    mount = mount with { Source = value };
                    break;
                case "from":
                    mount = mount with { From = value };
                    break;
                case "readonly" or "ro":
                    readOnly = IsOn(value);
                    break;
                case "readwrite" or "rw":
                    readOnly = !IsOn(value);
                    break;
                case "id":
                    mount = mount with { Id = value };
                    break;
                case "sharing":
                    mount = mount with
                    {
                        Sharing = value is "shared" or "private" or "locked"
                            ? value
                            : throw instruction.Error($"unsupported sharing value \"{value}\""),
                    };
                    break;
                case "required":
                    mount = mount with { Required = IsOn(value) };
                    break;
                case "env":
                    mount = mount with { Variable = value };
                    break;
                case "size":
                    mount = mount with { SizeBytes = Bytes(value) };
                    break;
                case "mode":
                    mount = mount with { Mode = Number(value, 8) };
                    break;
                case "uid":
                    mount = mount with { Uid = Number(value, 10) };
                    break;
                case "gid":
                    mount = mount with { Gid = Number(value, 10) };
                    break;
                default:
                    throw instruction.Error($"unexpected key '{key}' in '{field}'{Near(key)}");
            }
        }
        if (mount.Type == "ssh" && mount.Target.Length == 0)
            target ??= "/run/buildkit/ssh_agent.0";
        if (mount.Type == "secret" && target is null && mount.Variable is null)
            target = "/run/secrets/" + (mount.Id.Length > 0 ? mount.Id : Path.GetFileName(mount.Source));
        if (string.IsNullOrEmpty(target) && mount.Variable is null)
            throw instruction.Error($"invalid mount: type \"{mount.Type}\" requires a target");
        return mount with
        {
            Target = target is null ? "" : Path.GetFullPath(Path.Combine("/", workingDirectory, target)),
            ReadOnly = readOnly ?? mount.Type is "bind" or "secret",
            Id =
                mount.Id.Length > 0 ? mount.Id
                : mount.Type == "cache" ? Path.GetFullPath(Path.Combine("/", target ?? ""))
                : Path.GetFileName(mount.Source),
        };

        bool IsOn(string value) =>
            value switch
            {
                "" or "true" or "1" => true,
                "false" or "0" => false,
                _ => throw instruction.Error($"invalid value for a yes or no: {value}"),
            };

        uint Number(string value, int @base)
        {
            try
            {
                return Convert.ToUInt32(value, @base);
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                throw instruction.Error($"invalid value {value}: no number");
            }
        }

        long Bytes(string value)
        {
            string digits = value.TrimEnd('b', 'B').TrimEnd('i');
            long unit =
                digits.Length == 0
                    ? 1
                    : char.ToLowerInvariant(digits[^1]) switch
                    {
                        'k' => 1L << 10,
                        'm' => 1L << 20,
                        'g' => 1L << 30,
                        _ => 1,
                    };
            return
                long.TryParse(unit == 1 ? digits : digits[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                && count <= long.MaxValue / unit
                ? count * unit
                : throw instruction.Error($"invalid value for size: {value}");
        }
    }

    static string Near(string key)
    {
        string[] known =
        [
            "type",
            "target",
            "source",
            "from",
            "readonly",
            "readwrite",
            "id",
            "sharing",
            "required",
            "env",
            "size",
            "mode",
            "uid",
            "gid",
        ];
        string? near = known.FirstOrDefault(k => DockerfileParser.Distance(k, key) <= 2);
        return near is null ? "" : $" (did you mean {near}?)";
    }

    /// <summary>All that the result may depend on. What is in a cache or a secret is not of it.</summary>
    internal string KeyText =>
        string.Join('\n', Type, Target, Source, ReadOnly, Id, Sharing, Variable, SizeBytes, Mode, Uid, Gid);
}
