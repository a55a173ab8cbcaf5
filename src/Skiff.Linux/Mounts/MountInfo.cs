// /proc/PID/mountinfo as records. proc_pid_mountinfo(5).
using System.Globalization;
using System.Text;

namespace Skiff.Linux.Mounts;

/// <param name="Root">what of the filesystem is mounted: a path in it</param>
/// <param name="MountPoint">where, as seen from the process's root</param>
/// <param name="SuperOptions">of the filesystem, such as "rw,cpu,cpuacct"</param>
public sealed record MountInfo(
    int Id,
    int ParentId,
    string Root,
    string MountPoint,
    string Options,
    string Type,
    string Source,
    string SuperOptions
)
{
    /// <summary>The mounts of this process's namespace, in order of mounting.</summary>
    public static IReadOnlyList<MountInfo> Read() => Parse(KernelFile.Read("/proc/self/mountinfo"));

    internal static IReadOnlyList<MountInfo> Parse(string text)
    {
        var mounts = new List<MountInfo>();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // 36 35 98:0 /root /point rw,noatime shared:1 ... - type source super-options
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-", 6);
            if (dash < 0 || fields.Length < dash + 4)
                throw new InvalidDataException($"mountinfo: malformed line: {line}");
            mounts.Add(
                new MountInfo(
                    int.Parse(fields[0], CultureInfo.InvariantCulture),
                    int.Parse(fields[1], CultureInfo.InvariantCulture),
                    Unescape(fields[3]),
                    Unescape(fields[4]),
                    fields[5],
                    fields[dash + 1],
                    Unescape(fields[dash + 2]),
                    fields[dash + 3]
                )
            );
        }
        return mounts;
    }

    /// <summary>Space, tab, newline and backslash are written as \040 and so on.</summary>
    static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        var plain = new StringBuilder(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                plain.Append((char)Convert.ToInt32(field.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
                plain.Append(field[i]);
        }
        return plain.ToString();
    }
}
