// A cgroup in one hierarchy is a directory: made usable, listed, removed.
using System.Globalization;
using Skiff.Linux.Native;

namespace Skiff.Linux.Cgroups;

internal static class CgroupDirectory
{
    /// <summary>Makes it and those above it where they are missing.</summary>
    internal static void Make(CgroupHierarchy hierarchy, string directory)
    {
        string above = Path.GetDirectoryName(directory)!;
        if (!TryMake(directory, out Errno errno))
        {
            if (errno != Errno.ENOENT || directory.Length <= hierarchy.MountPoint.Length)
                throw new ErrnoException("mkdir", directory, errno);
            Make(hierarchy, above);
            if (!TryMake(directory, out errno))
                throw new ErrnoException("mkdir", directory, errno);
        }
        if (hierarchy.IsV2 && hierarchy.Controllers.Count > 0)
            PassDown(hierarchy, above);
        else if (!hierarchy.IsV2 && hierarchy.Controllers.Contains("cpuset"))
            InheritCpuset(directory, above);
    }

    /// <summary>The processes in it and below it.</summary>
    internal static void CollectProcesses(string directory, List<int> found)
    {
        string? text = KernelFile.TryRead($"{directory}/cgroup.procs"); // null: there is no such cgroup
        if (text is null)
            return;
        foreach (string pid in CgroupHierarchy.Words(text))
            found.Add(int.Parse(pid, CultureInfo.InvariantCulture));
        foreach (string below in Directory.EnumerateDirectories(directory))
            CollectProcesses(below, found);
    }

    /// <summary>Removes it and the cgroups that the container made below; false if processes are left.</summary>
    internal static bool TryRemove(string directory)
    {
        if (RemoveOne(directory))
            return true;
        bool any = false;
        foreach (string below in Directory.EnumerateDirectories(directory))
        {
            any = true;
            TryRemove(below);
        }
        return any && RemoveOne(directory);
    }

    static bool RemoveOne(string directory)
    {
        const int AT_REMOVEDIR = 0x200;
        return Libc.Call(Syscall.unlinkat, Libc.AT_FDCWD, directory, AT_REMOVEDIR) == 0 || Libc.LastErrno == Errno.ENOENT;
    }

    static bool TryMake(string directory, out Errno errno)
    {
        const int Mode = 0x1ED; // 0755
        bool made = Libc.Call(Syscall.mkdirat, Libc.AT_FDCWD, directory, Mode) == 0;
        errno = made ? Errno.None : Libc.LastErrno;
        return made || errno == Errno.EEXIST;
    }

    /// <summary>cgroup-v2.rst, Enabling and Disabling: children have the controllers that their parent names.</summary>
    static void PassDown(CgroupHierarchy hierarchy, string parent)
    {
        if (parent.Length < hierarchy.MountPoint.Length)
            return;
        string file = $"{parent}/cgroup.subtree_control";
        string[] passed = CgroupHierarchy.Words(KernelFile.Read(file));
        if (hierarchy.Controllers.All(passed.Contains))
            return;
        PassDown(hierarchy, Path.GetDirectoryName(parent)!);
        foreach (string controller in hierarchy.Controllers.Except(passed))
        {
            try
            {
                KernelFile.Write(file, $"+{controller}");
            }
            catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.EOPNOTSUPP or Errno.EINVAL or Errno.EBUSY)
            {
                // Not to be had here: cpu with real-time processes about, or processes in a cgroup that only looks like
                // the root (an engine in a container of another). Whoever sets a limit of it is told then.
            }
        }
    }

    /// <summary>A v1 cpuset is born without processors and nobody can join it: cpusets.rst, 1.7.</summary>
    static void InheritCpuset(string directory, string above)
    {
        foreach (string file in (ReadOnlySpan<string>)["cpuset.cpus", "cpuset.mems"])
        {
            if (KernelFile.Read($"{directory}/{file}").Trim().Length == 0)
                KernelFile.Write($"{directory}/{file}", KernelFile.Read($"{above}/{file}").Trim());
        }
    }
}
