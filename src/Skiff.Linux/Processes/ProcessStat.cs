// What tells one process from a later one with the same number.
using System.Globalization;

namespace Skiff.Linux.Processes;

public static class ProcessStat
{
    /// <summary>Field 22 of /proc/PID/stat, in clock ticks since boot; null if there is no such process.</summary>
    public static ulong? StartTicks(int pid)
    {
        try
        {
            return ParseStartTicks(KernelFile.Read($"/proc/{pid}/stat"));
        }
        catch (ErrnoException)
        {
            return null; // not there, or gone while it was read
        }
    }

    /// <summary>The process runs, or could: it is no zombie and no later one of the same number.</summary>
    public static bool IsAlive(int pid, ulong startTicks)
    {
        try
        {
            string stat = KernelFile.Read($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X') && ParseStartTicks(stat) == startTicks;
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    /// <summary>The second field is the program's name in parentheses and may hold anything, so count from the last one.</summary>
    internal static ulong ParseStartTicks(string stat)
    {
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return ulong.Parse(fields[22 - 3], CultureInfo.InvariantCulture);
    }
}
