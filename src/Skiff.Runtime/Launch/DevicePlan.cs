// The /dev part of a plan: nodes, links and the console.
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

/// <summary>runtime-spec: config-linux.md, Default Devices; runtime-linux.md, Dev symbolic links.</summary>
internal sealed class DevicePlan(LaunchPlan plan, Spec spec, LaunchInputs inputs)
{
    const uint S_IFIFO = 0x1000;
    const uint S_IFCHR = 0x2000;
    const uint S_IFBLK = 0x6000;
    const uint ReadWriteForAll = 0x1B6; // 0666

    static readonly (string Name, uint Major, uint Minor)[] Defaults =
    [
        ("null", 1, 3),
        ("zero", 1, 5),
        ("full", 1, 7),
        ("random", 1, 8),
        ("urandom", 1, 9),
        ("tty", 5, 0),
    ];

    static readonly (string Name, string Target)[] Links =
    [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("core", "/proc/kcore"),
        ("ptmx", "pts/ptmx"),
    ];

    /// <summary>Nothing is made in a /dev of the host's that was bound.</summary>
    public void Devices(bool terminal)
    {
        IReadOnlyList<SpecMount> mounts = spec.Mounts ?? [];
        if (mounts.Any(m => m.Destination.TrimEnd('/') == "/dev" && MountOptions.Parse("/dev", m.Options ?? []).Bind))
            return;
        Register dev = plan.OpenOrMake(inputs.Root, "/dev", directory: true, "open /dev");
        foreach (LinuxDevice device in spec.Linux?.Devices ?? [])
            Make(device);
        foreach ((string name, uint major, uint minor) in Defaults)
        {
            ulong number = LaunchPlan.DeviceNumber(major, minor);
            plan.MakeNode(dev, name, S_IFCHR | ReadWriteForAll, number, 0, 0, $"make /dev/{name}");
        }
        bool hasPts = mounts.Any(m => m.Type == "devpts");
        foreach ((string name, string target) in Links)
        {
            if (name != "ptmx" || hasPts)
                plan.MakeLink(dev, name, target, $"make /dev/{name}");
        }
        plan.Close(dev);
        if (terminal)
            Console();
    }

    /// <summary>/dev/console is the terminal. Its devpts is part of this mount namespace by now, so it can be cloned.</summary>
    void Console()
    {
        const string What = "make /dev/console";
        Register place = plan.OpenOrMake(inputs.Root, "/dev/console", directory: false, What);
        Register console = plan.CloneMount(inputs.Stdin, recursive: false, What);
        plan.Attach(console, place, What);
        plan.Close(console);
        plan.Close(place);
    }

    void Make(LinuxDevice device)
    {
        string what = $"make device {device.Path}";
        string path = device.Path.TrimEnd('/');
        int slash = path.LastIndexOf('/');
        Register directory = plan.OpenOrMake(inputs.Root, path[..slash], directory: true, what);
        uint type = device.Type switch
        {
            "b" => S_IFBLK,
            "p" => S_IFIFO,
            _ => S_IFCHR,
        };
        ulong number = LaunchPlan.DeviceNumber((uint)(device.Major ?? 0), (uint)(device.Minor ?? 0));
        uint mode = (device.FileMode ?? ReadWriteForAll) & 0xFFF;
        plan.MakeNode(directory, path[(slash + 1)..], type | mode, number, device.Uid ?? 0, device.Gid ?? 0, what);
        plan.Close(directory);
    }
}
