// The clocks of a container that has time of its own.
using System.Globalization;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

internal static class TimeOffsets
{
    const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>By the annotation of the container; null: it has the host's time.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such clock, or no number of seconds</exception>
    internal static IReadOnlyDictionary<string, TimeOffset>? Of(HostSettings host)
    {
        if (!host.Annotations.TryGetValue(SpecExtensions.TimeOffsets, out string? text))
            return null;
        var offsets = new Dictionary<string, TimeOffset>();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string clock = equals < 0 ? part : part[..equals];
            if (
                clock is not ("boottime" or "monotonic")
                || !decimal.TryParse(
                    part.AsSpan(equals + 1),
                    NumberStyles.Number,
                    CultureInfo.InvariantCulture,
                    out decimal seconds
                )
                || Math.Abs(seconds) > int.MaxValue
            )
                throw EngineException.Invalid(
                    $"invalid time offset \"{part}\": it is boottime=SECONDS or monotonic=SECONDS, such as boottime=86400"
                );
            decimal whole = Math.Floor(seconds);
            offsets[clock] = new TimeOffset { Secs = (long)whole, Nanosecs = (uint)((seconds - whole) * NanosecondsPerSecond) };
        }
        return offsets.Count > 0 ? offsets : null;
    }
}
