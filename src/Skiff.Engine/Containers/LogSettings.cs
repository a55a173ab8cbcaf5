// How a container's output is kept: the log driver and its options, over the engine's own.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Skiff.Engine.Containers;

/// <summary>--log-driver and --log-opt, checked.</summary>
/// <param name="Driver">"json-file", "local" or "none"</param>
/// <param name="MaxSizeBytes">a file of this size is rotated; long.MaxValue: never</param>
/// <param name="MaxFiles">the current file and the rotated ones</param>
public sealed record LogSettings(string Driver, long MaxSizeBytes, int MaxFiles)
{
    static readonly string[] Rotation = ["max-size", "max-file", "compress"];
    static readonly string[] OfEvery = ["mode", "max-buffer-size"];
    static readonly string[] Attributes = ["labels", "labels-regex", "env", "env-regex", "tag"];

    /// <summary>Drivers that docker has and this engine has not.</summary>
    static readonly string[] Absent = ["awslogs", "etwlogs", "fluentd", "gcplogs", "gelf", "journald", "splunk", "syslog"];

    /// <summary>What a container of these settings keeps.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such driver or option, a wrong value; NotImplemented: a driver or option that is not supported</exception>
    public static LogSettings Parse(string driver, IReadOnlyDictionary<string, string> options)
    {
        if (Absent.Contains(driver))
            throw EngineException.NotImplemented(
                $"--log-driver {driver} is not supported by this release of Skiff: json-file, local and none are"
            );
        if (driver is not ("json-file" or "local" or "none"))
            throw EngineException.Invalid($"error looking up logging plugin {driver}: plugin \"{driver}\" not found");
        CheckMode(options);
        if (driver == "none")
            return new LogSettings(driver, long.MaxValue, 1);
        foreach (string option in options.Keys)
            if (!OfEvery.Contains(option) && !Rotation.Contains(option) && (driver == "local" || !Attributes.Contains(option)))
                throw EngineException.Invalid(
                    driver == "local"
                        ? $"unknown log opt '{option}' for log driver local"
                        : $"unknown log opt '{option}' for json-file log driver"
                );
        if (
            options.TryGetValue("compress", out string? compress)
            && compress is not ("false" or "0" or "f" or "F" or "False" or "FALSE")
        )
            throw EngineException.NotImplemented($"--log-opt compress={compress} is not supported by this release of Skiff");
        foreach (string pattern in (string[])["labels-regex", "env-regex"])
            if (options.TryGetValue(pattern, out string? text))
                Expression(pattern, text);
        if (options.TryGetValue("tag", out string? tag))
            LogTag.Expand(tag, field => field);
        return new LogSettings(
            driver,
            options.TryGetValue("max-size", out string? size) ? Size("max-size", size, unlimited: true) : 20L << 20,
            options.TryGetValue("max-file", out string? files) ? Files(files) : 5
        );
    }

    /// <summary>
    /// The driver and options that a container gets: what it does not say is the engine's; the engine's options are for
    /// its own driver only.
    /// </summary>
    internal static (string Driver, IReadOnlyDictionary<string, string> Options) Of(
        string driver,
        IReadOnlyDictionary<string, string> options,
        EngineOptions engine
    )
    {
        if (driver.Length == 0)
            driver = engine.LogDriver;
        if (driver != engine.LogDriver || engine.LogOptions.Count == 0)
            return (driver, options);
        var merged = new Dictionary<string, string>(engine.LogOptions, StringComparer.Ordinal);
        foreach (var (key, value) in options)
            merged[key] = value;
        return (driver, merged);
    }

    /// <summary>What stands in every entry, by the options labels, env and tag; null: nothing.</summary>
    internal static Dictionary<string, string>? AttributesOf(Container container)
    {
        var options = container.Host.LogOptions;
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        var labels = container.Config.Labels;
        foreach (string label in List("labels"))
            if (labels.TryGetValue(label, out string? value))
                attributes[label] = value;
        if (options.TryGetValue("labels-regex", out string? labelsRegex))
            foreach (var (label, value) in labels)
                if (Matches("labels-regex", labelsRegex, label))
                    attributes[label] = value;
        var environment = container.Config.Env.Select(e => e.Split('=', 2)).Where(e => e.Length == 2).ToList();
        foreach (string name in List("env"))
        foreach (string[] pair in environment.Where(e => e[0] == name))
            attributes[name] = pair[1];
        if (options.TryGetValue("env-regex", out string? envRegex))
            foreach (string[] pair in environment.Where(e => Matches("env-regex", envRegex, e[0])))
                attributes[pair[0]] = pair[1];
        if (options.TryGetValue("tag", out string? tag) && tag.Length > 0)
            attributes["tag"] = LogTag.Expand(tag, field => LogTag.Of(container, field));
        return attributes.Count > 0 ? attributes : null;

        string[] List(string option) => options.TryGetValue(option, out string? text) ? text.Split(',') : [];
    }

    // Written by the shim, the log delays no container in either mode; what a full disk cannot take is dropped in both.
    static void CheckMode(IReadOnlyDictionary<string, string> options)
    {
        string mode = options.GetValueOrDefault("mode", "");
        if (mode is not ("" or "blocking" or "non-blocking"))
            throw EngineException.Invalid($"logger: logging mode not supported: {mode}");
        if (!options.TryGetValue("max-buffer-size", out string? size))
            return;
        if (mode != "non-blocking")
            throw EngineException.Invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
        Size("max-buffer-size", size, unlimited: false);
    }

    /// <summary>Bytes; "10m", "1g", a bare number; -1 is unlimited.</summary>
    static long Size(string option, string text, bool unlimited)
    {
        if (unlimited && text == "-1")
            return long.MaxValue;
        string number = text.TrimEnd('b', 'B');
        int shift =
            number.Length == 0
                ? 0
                : char.ToLowerInvariant(number[^1]) switch
                {
                    'k' => 10,
                    'm' => 20,
                    'g' => 30,
                    't' => 40,
                    _ => 0,
                };
        if (shift > 0)
            number = number[..^1];
        return
            long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            && size > 0
            && size <= long.MaxValue >> shift
            ? size << shift
            : throw EngineException.Invalid($"error parsing option {option}: invalid size: '{text}'");
    }

    static int Files(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int files) && files > 0
            ? files
            : throw EngineException.Invalid($"max-file cannot be less than 1: {text}");

    static bool Matches(string option, string pattern, string text)
    {
        try
        {
            return Expression(option, pattern).IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false; // a pattern that tries too much, on a name that an image brought
        }
    }

    static Regex Expression(string option, string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(50));
        }
        catch (ArgumentException)
        {
            throw EngineException.Invalid($"invalid value for {option}: {pattern}");
        }
    }
}
