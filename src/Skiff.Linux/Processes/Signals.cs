// Signal names and numbers, as docker kill and --stop-signal accept them.
using System.Globalization;

namespace Skiff.Linux.Processes;

/// <summary>signal(7), the numbers of x86-64 and arm64.</summary>
public static class Signals
{
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;

    // glibc keeps 32 and 33 for itself, so its SIGRTMIN, and Docker's, is 34.
    const int RealTimeMin = 34;
    const int RealTimeMax = 64;

    static readonly string[] Names =
    [
        "",
        "HUP",
        "INT",
        "QUIT",
        "ILL",
        "TRAP",
        "ABRT",
        "BUS",
        "FPE",
        "KILL",
        "USR1",
        "SEGV",
        "USR2",
        "PIPE",
        "ALRM",
        "TERM",
        "STKFLT",
        "CHLD",
        "CONT",
        "STOP",
        "TSTP",
        "TTIN",
        "TTOU",
        "URG",
        "XCPU",
        "XFSZ",
        "VTALRM",
        "PROF",
        "WINCH",
        "IO",
        "PWR",
        "SYS",
    ];

    /// <summary>"TERM", "SIGTERM", "sigterm", "15", "RTMIN+3", "SIGRTMAX-1"; null if it is none of these.</summary>
    public static int? TryParse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return number is > 0 and <= RealTimeMax ? number : null;
        string name = text.ToUpperInvariant();
        if (name.StartsWith("SIG", StringComparison.Ordinal))
            name = name[3..];
        int index = Array.IndexOf(Names, name);
        if (index > 0)
            return index;
        return name switch
        {
            "CLD" => 17,
            "IOT" => 6,
            "POLL" => 29,
            "UNUSED" => 31,
            _ => RealTime(name),
        };
    }

    /// <summary>"SIGTERM"; "SIGRTMIN+3" for the real-time ones.</summary>
    public static string NameOf(int signal) =>
        signal switch
        {
            > 0 and <= 31 => "SIG" + Names[signal],
            RealTimeMin => "SIGRTMIN",
            > RealTimeMin and <= RealTimeMax => $"SIGRTMIN+{signal - RealTimeMin}",
            _ => $"signal {signal}",
        };

    static int? RealTime(string name)
    {
        int from;
        int sign;
        if (name.StartsWith("RTMIN", StringComparison.Ordinal))
            (from, sign) = (RealTimeMin, 1);
        else if (name.StartsWith("RTMAX", StringComparison.Ordinal))
            (from, sign) = (RealTimeMax, -1);
        else
            return null;
        string rest = name[5..];
        if (rest.Length == 0)
            return from;
        if (
            rest[0] != (sign > 0 ? '+' : '-')
            || !int.TryParse(rest.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int offset)
            || offset > RealTimeMax - RealTimeMin
        )
            return null;
        return from + (sign * offset);
    }
}
