// Groups of the host: who may use a file of the engine's.
using System.Globalization;
using System.Text;
using Skiff.Linux.Files;

namespace Skiff.Engine.Host;

public static class Groups
{
    /// <summary>The number of a group of /etc/group; null if there is none of that name.</summary>
    public static uint? Find(string name)
    {
        foreach (string line in File.Exists("/etc/group") ? File.ReadLines("/etc/group") : [])
            if (line.Split(':') is [var group, _, var id, ..] && group == name)
                return uint.Parse(id, CultureInfo.InvariantCulture);
        return null;
    }

    /// <summary>Makes a file root's and the group's.</summary>
    public static void Give(string path, uint group)
    {
        using var directory = SafePath.OpenRoot(Path.GetDirectoryName(path)!);
        FileAt.SetOwner(directory, Encoding.UTF8.GetBytes(Path.GetFileName(path)), 0, group);
    }
}
