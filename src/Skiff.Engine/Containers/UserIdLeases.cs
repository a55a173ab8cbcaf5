// Which engine of this machine has which ranges of users: engines with data roots of their own share one table.
using System.Globalization;
using System.Text;
using Skiff.Linux.Files;

namespace Skiff.Engine.Containers;

/// <summary>
/// The file "ranges" in a directory that all engines know; a line a range: its first id, a space, the data root of its
/// engine. It is changed only under the lock of the directory. Lines of data roots that are gone count for nothing.
/// </summary>
/// <param name="directory">made if missing; below /run, for who runs after a reboot writes it again</param>
/// <param name="owner">the data root of this engine</param>
internal sealed class UserIdLeases(string directory, string owner)
{
    string Table => Path.Combine(directory, "ranges");

    /// <summary>
    /// Tells which ranges other engines have; what <paramref name="choose"/> returns is this engine's from now on, and
    /// nothing else is.
    /// </summary>
    internal void Change(Func<IReadOnlySet<uint>, IEnumerable<uint>> choose)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var held = FileLock.TakeDirectory(directory);
        var others = Lines().Where(l => l.Owner != owner && Directory.Exists(l.Owner)).ToList();
        var own = choose(others.Select(l => l.First).ToHashSet());
        var text = new StringBuilder();
        foreach (var (first, whose) in others.Concat(own.Select(first => (First: first, Owner: owner))))
            text.Append(CultureInfo.InvariantCulture, $"{first} {whose}\n");
        AtomicFile.Write(Table, Encoding.UTF8.GetBytes(text.ToString()), durable: false, mode: 0x180);
    }

    IEnumerable<(uint First, string Owner)> Lines()
    {
        foreach (string line in File.Exists(Table) ? File.ReadAllLines(Table) : [])
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && uint.TryParse(line[..space], NumberStyles.None, CultureInfo.InvariantCulture, out uint first))
                yield return (first, line[(space + 1)..]);
        }
    }
}
