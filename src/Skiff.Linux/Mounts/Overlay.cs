// Overlay filesystems that are mounted nowhere.
using System.Runtime.ExceptionServices;
using Skiff.Linux.Files;
using Skiff.Linux.Native;

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
        // Asked before, not tried: older kernels log every option that they do not know.
        return Environment.OSVersion.Version >= LowerDirectoryAppends
            ? MountApi.Make("overlay", "overlay", options, flags)
            : FromOneOption(options, flags);
    }

    /// <summary>The same, with every layer seen through a map of ids: on disk, files keep the owners they have inside.</summary>
    /// <param name="userNamespace">whose maps are meant</param>
    /// <param name="uid">who root inside is outside: whatever the overlay makes for itself belongs to them</param>
    /// <exception cref="ErrnoException">as above; ENOSYS: kernels before 6.15 take no detached mounts as layers</exception>
    public static Fd FromOptions(IReadOnlyList<string> options, MountFlags flags, Fd userNamespace, uint uid, uint gid)
    {
        if (Environment.OSVersion.Version < DetachedLayers)
            throw new ErrnoException("mount", "layers with mapped ids, which need Linux 6.15", Errno.ENOSYS);
        var held = new List<Fd>();
        try
        {
            var places = new List<(string, Fd)>();
            var others = new List<string>();
            Fd? above = null;
            foreach (string option in options)
            {
                if (Value(option, "lowerdir+=") is string lower)
                    places.Add(("lowerdir+", Mapped(lower)));
                // Both must be of one mount.
                else if (Value(option, "upperdir=") is string upper)
                    places.Add(("upperdir", Inside(above ??= Mapped(Path.GetDirectoryName(upper)!), upper)));
                else if (Value(option, "workdir=") is string work)
                    places.Add(("workdir", Inside(above ??= Mapped(Path.GetDirectoryName(work)!), work)));
                else
                    others.Add(option);
            }
            // The overlay keeps the credentials that it is made with.
            using var owner = new FileIdentity(uid, gid);
            return MountApi.Make("overlay", "overlay", others, places, flags);
        }
        finally
        {
            foreach (Fd fd in held)
                fd.Dispose();
        }

        Fd Mapped(string path)
        {
            Fd copy = MountApi.Clone(path, recursive: false);
            held.Add(copy);
            MountApi.MapIds(copy, userNamespace, recursive: false);
            return copy;
        }

        Fd Inside(Fd parent, string path)
        {
            Fd place = MountPoint.Open(parent, Path.GetFileName(path));
            held.Add(place);
            return place;
        }

        static string? Value(string option, string key) =>
            option.StartsWith(key, StringComparison.Ordinal) ? option[key.Length..] : null;
    }

    static readonly Version DetachedLayers = new(6, 15);
    static readonly Version LowerDirectoryAppends = new(6, 7);

    /// <summary>
    /// Before Linux 6.7, all lower directories are one option, of which fsconfig(2) takes no more than 255 bytes. So they are named as briefly as can be: by the numbers of descriptors, seen from /proc/self/fd; 63 of three digits fit.
    /// overlayfs.rst, Multiple lower layers.
    /// </summary>
    internal static Fd FromOneOption(IReadOnlyList<string> options, MountFlags flags)
    {
        const string Key = "lowerdir+=";
        var lowers = new List<Fd>();
        try
        {
            foreach (string option in options.Where(o => o.StartsWith(Key, StringComparison.Ordinal)))
                lowers.Add(OpenPath(option[Key.Length..]));
            string[] joined =
            [
                "lowerdir=" + string.Join(':', lowers.Select(l => l.Number)),
                .. options.Where(o => !o.StartsWith(Key, StringComparison.Ordinal)),
            ];
            return WithWorkingDirectory("/proc/self/fd", () => MountApi.Make("overlay", "overlay", joined, flags));
        }
        finally
        {
            foreach (Fd lower in lowers)
                lower.Dispose();
        }
    }

    static Fd OpenPath(string path) => new((int)Libc.Check(Libc.open(path, Libc.O_PATH | Libc.O_CLOEXEC, 0), "open", path));

    /// <summary>On a thread with a working directory of its own: that of the process is everybody's.</summary>
    static Fd WithWorkingDirectory(string directory, Func<Fd> make)
    {
        Fd? made = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                const int CLONE_FS = 0x200;
                Libc.Check(Libc.Call(Syscall.unshare, CLONE_FS), "unshare", "working directory");
                using (Fd place = OpenPath(directory))
                    Libc.Check(Libc.Call(Syscall.fchdir, place.Number), "fchdir", directory);
                made = make();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return made!;
    }
}
