// Overlay filesystems that are mounted nowhere.
namespace Skiff.Linux.Mounts;

public static class Overlay
{
    /// <summary>
    /// Makes a detached overlay: its files are reached through the descriptor (openat2 below it), and nothing is
    /// mounted on the host. Read-only without an upper directory.
    /// </summary>
    /// <param name="lowers">absolute paths, topmost first; any characters, any number up to the kernel's 500</param>
    /// <param name="upper">absolute; with <paramref name="work"/> on the same filesystem, or both null</param>
    /// <exception cref="ErrnoException">ENOENT: a directory is missing; ESTALE, EBUSY: upper or work is in use elsewhere</exception>
    public static Fd OpenDetached(IReadOnlyList<string> lowers, string? upper = null, string? work = null)
    {
        if (upper is null && lowers.Count == 1) // overlay wants two layers; one alone is just itself
            return MountApi.CloneReadOnly(lowers[0]);
        var options = new List<string>(lowers.Count + 2);
        foreach (string lower in lowers)
            options.Add($"lowerdir+={lower}");
        if (upper is not null)
        {
            options.Add($"upperdir={upper}");
            options.Add($"workdir={work}");
        }
        return FromOptions(options);
    }

    /// <summary>The same from options as in a bundle's mount: "lowerdir+=...", "upperdir=...", "workdir=...", "volatile".</summary>
    public static Fd FromOptions(IReadOnlyList<string> options, MountFlags flags = default)
    {
        try
        {
            return MountApi.Make("overlay", "overlay", options, flags);
        }
        catch (ErrnoException e) when (e.Errno == Errno.EINVAL && e.Subject?.Contains("lowerdir+") == true)
        {
            // Before Linux 6.7 all lower directories are one option, and fsconfig(2) takes no more than 255 bytes of it.
            return MountApi.Make("overlay", "overlay", Joined(options), flags);
        }
    }

    /// <summary>One lowerdir= for all; colon and backslash are escaped. overlayfs.rst, Multiple lower layers.</summary>
    internal static IReadOnlyList<string> Joined(IReadOnlyList<string> options)
    {
        const string Key = "lowerdir+=";
        IEnumerable<string> lowers = options
            .Where(o => o.StartsWith(Key, StringComparison.Ordinal))
            .Select(o => o[Key.Length..].Replace("\\", "\\\\").Replace(":", "\\:"));
        return ["lowerdir=" + string.Join(':', lowers), .. options.Where(o => !o.StartsWith(Key, StringComparison.Ordinal))];
    }
}
