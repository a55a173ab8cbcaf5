// The limits of a container's log: --log-opt max-size and max-file over the engine's own.
using System.Globalization;

namespace Skiff.Engine.Containers;

public static class LogOptions
{
    /// <summary>Bytes; "10m", "1g", a bare number; -1 is unlimited.</summary>
    /// <exception cref="EngineException">InvalidParameter</exception>
    public static long MaxSizeBytes(IReadOnlyDictionary<string, string> options, long otherwise)
    {
        if (!options.TryGetValue("max-size", out string? text))
            return otherwise;
        if (text == "-1")
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
                    _ => 0,
                };
        if (shift > 0)
            number = number[..^1];
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size > 0
            ? size << shift
            : throw EngineException.Invalid($"invalid value for max-size: {text}");
    }

    /// <exception cref="EngineException">InvalidParameter</exception>
    public static int MaxFiles(IReadOnlyDictionary<string, string> options, int otherwise)
    {
        if (!options.TryGetValue("max-file", out string? text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int files) && files > 0
            ? files
            : throw EngineException.Invalid($"max-file cannot be less than 1: {text}");
    }
}
