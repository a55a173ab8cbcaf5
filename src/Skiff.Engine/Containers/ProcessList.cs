// What `top` shows: ps(1) of the processes of one container, read from the host's /proc.
using System.Globalization;

namespace Skiff.Engine.Containers;

internal static class ProcessList
{
    static readonly string[] FullTitles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];

    /// <summary>The columns of `ps -ef` for the given host pids.</summary>
    internal static (IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Rows) Read(IEnumerable<int> pids)
    {
        var users = UserNames();
        var rows = new List<IReadOnlyList<string>>();
        foreach (int pid in pids.Order())
        {
            if (Row(pid, users) is { } row)
                rows.Add(row);
        }
        return (FullTitles, rows);
    }

    static List<string>? Row(int pid, Dictionary<string, string> users)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            // proc_pid_stat(5): the second field is in brackets and may hold anything, brackets too.
            int close = stat.LastIndexOf(')');
            string name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..close];
            string[] fields = stat[(close + 2)..].Split(' ');
            string uid = File.ReadLines($"/proc/{pid}/status")
                .First(l => l.StartsWith("Uid:", StringComparison.Ordinal))
                .Split('\t')[1];
            string command = File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ').TrimEnd();
            long ticks = Number(fields[11]) + Number(fields[12]);
            double uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
            double age = uptime - Number(fields[19]) / 100.0;
            var started = DateTime.Now.AddSeconds(-age);
            var used = TimeSpan.FromSeconds(ticks / 100);
            return
            [
                users.GetValueOrDefault(uid, uid),
                pid.ToString(CultureInfo.InvariantCulture),
                fields[1],
                age > 0 ? ((int)(ticks / age)).ToString(CultureInfo.InvariantCulture) : "0",
                started.Date == DateTime.Today
                    ? started.ToString("HH:mm", CultureInfo.InvariantCulture)
                    : started.ToString("MMMdd", CultureInfo.InvariantCulture),
                Terminal(Number(fields[4])),
                $"{(int)used.TotalHours:00}:{used.Minutes:00}:{used.Seconds:00}",
                command.Length > 0 ? command : $"[{name}]",
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null; // ended while it was read
        }
    }

    static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    // proc_pid_stat(5), tty_nr: minor in bits 31-20 and 7-0, major in 15-8; 136-143 are pseudo-terminals.
    static string Terminal(long device)
    {
        long major = (device >> 8) & 0xff;
        long minor = (device & 0xff) | ((device >> 12) & 0xfff00);
        return major is >= 136 and <= 143 ? $"pts/{(major - 136) * 256 + minor}" : "?";
    }

    static Dictionary<string, string> UserNames()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in File.Exists("/etc/passwd") ? File.ReadLines("/etc/passwd") : [])
        {
            string[] parts = line.Split(':');
            if (parts.Length > 2)
                names.TryAdd(parts[2], parts[0]);
        }
        return names;
    }
}
