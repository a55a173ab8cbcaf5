// Reads the "linux" member of config.json by hand; see SpecReader.
using System.Text.Json;

namespace Skiff.Oci.Runtime;

internal static class LinuxSpecReader
{
    internal static LinuxSpec Linux(JsonElement e) =>
        new()
        {
            Namespaces = e.List("namespaces", n => new LinuxNamespace { Type = n.Needed("type"), Path = n.Text("path") }),
            UidMappings = e.List("uidMappings", Mapping),
            GidMappings = e.List("gidMappings", Mapping),
            TimeOffsets = e.Map(
                "timeOffsets",
                t => new TimeOffset { Secs = t.Number("secs").Int64() ?? 0, Nanosecs = t.Number("nanosecs").UInt32() ?? 0 }
            ),
            Devices = e.List("devices", Device),
            CgroupsPath = e.Text("cgroupsPath"),
            Resources = e.Object("resources", Resources),
            RootfsPropagation = e.Text("rootfsPropagation"),
            Seccomp = e.Object("seccomp", Seccomp),
            Sysctl = e.TextMap("sysctl"),
            MaskedPaths = e.Texts("maskedPaths"),
            ReadonlyPaths = e.Texts("readonlyPaths"),
            MountLabel = e.Text("mountLabel"),
            IntelRdt = e.Object("intelRdt", r => new LinuxIntelRdt { ClosId = r.Text("closID") }),
            Personality = e.Object(
                "personality",
                p => new LinuxPersonality { Domain = p.Text("domain"), Flags = p.Texts("flags") }
            ),
            NetDevices = e.Map("netDevices", d => new LinuxNetDevice { Name = d.Text("name") }),
            MemoryPolicy = e.Object("memoryPolicy", m => new LinuxMemoryPolicy { Mode = m.Text("mode") }),
        };

    internal static IdMapping Mapping(JsonElement e) =>
        new()
        {
            ContainerId = e.Number("containerID").UInt32() ?? 0,
            HostId = e.Number("hostID").UInt32() ?? 0,
            Size = e.Number("size").UInt32() ?? 0,
        };

    static LinuxDevice Device(JsonElement e) =>
        new()
        {
            Type = e.Needed("type"),
            Path = e.Needed("path"),
            Major = e.Number("major").Int64(),
            Minor = e.Number("minor").Int64(),
            FileMode = e.Number("fileMode").UInt32(),
            Uid = e.Number("uid").UInt32(),
            Gid = e.Number("gid").UInt32(),
        };

    internal static LinuxResources Resources(JsonElement e) =>
        new()
        {
            Devices = e.List(
                "devices",
                d => new LinuxDeviceRule
                {
                    Allow = d.Bool("allow"),
                    Type = d.Text("type"),
                    Major = d.Number("major").Int64(),
                    Minor = d.Number("minor").Int64(),
                    Access = d.Text("access"),
                }
            ),
            Memory = e.Object("memory", Memory),
            Cpu = e.Object("cpu", Cpu),
            Pids = e.Object("pids", p => new LinuxPids { Limit = p.Number("limit").Int64() ?? 0 }),
            BlockIO = e.Object("blockIO", BlockIO),
            HugepageLimits = e.List(
                "hugepageLimits",
                h => new LinuxHugepageLimit { PageSize = h.Needed("pageSize"), Limit = h.Number("limit").UInt64() ?? 0 }
            ),
            Network = e.Object(
                "network",
                n => new LinuxNetwork
                {
                    ClassId = n.Number("classID").UInt32(),
                    Priorities = n.List(
                        "priorities",
                        p => new LinuxInterfacePriority { Name = p.Needed("name"), Priority = p.Number("priority").UInt32() ?? 0 }
                    ),
                }
            ),
            Rdma = e.Map(
                "rdma",
                r => new LinuxRdma { HcaHandles = r.Number("hcaHandles").UInt32(), HcaObjects = r.Number("hcaObjects").UInt32() }
            ),
            Unified = e.TextMap("unified"),
        };

    static LinuxMemory Memory(JsonElement e) =>
        new()
        {
            Limit = e.Number("limit").Int64(),
            Reservation = e.Number("reservation").Int64(),
            Swap = e.Number("swap").Int64(),
            Swappiness = e.Number("swappiness").UInt64(),
            DisableOOMKiller = e.MaybeBool("disableOOMKiller"),
            Kernel = e.Number("kernel").Int64(),
            KernelTcp = e.Number("kernelTCP").Int64(),
            CheckBeforeUpdate = e.MaybeBool("checkBeforeUpdate"),
        };

    static LinuxCpu Cpu(JsonElement e) =>
        new()
        {
            Shares = e.Number("shares").UInt64(),
            Quota = e.Number("quota").Int64(),
            Period = e.Number("period").UInt64(),
            Burst = e.Number("burst").UInt64(),
            RealtimeRuntime = e.Number("realtimeRuntime").Int64(),
            RealtimePeriod = e.Number("realtimePeriod").UInt64(),
            Cpus = e.Text("cpus"),
            Mems = e.Text("mems"),
            Idle = e.Number("idle").Int64(),
        };

    static LinuxBlockIO BlockIO(JsonElement e) =>
        new()
        {
            Weight = e.Number("weight").UInt16(),
            LeafWeight = e.Number("leafWeight").UInt16(),
            WeightDevice = e.List(
                "weightDevice",
                d => new LinuxWeightDevice
                {
                    Major = d.Number("major").Int64() ?? 0,
                    Minor = d.Number("minor").Int64() ?? 0,
                    Weight = d.Number("weight").UInt16(),
                }
            ),
            ThrottleReadBpsDevice = e.List("throttleReadBpsDevice", Throttle),
            ThrottleWriteBpsDevice = e.List("throttleWriteBpsDevice", Throttle),
            ThrottleReadIOPSDevice = e.List("throttleReadIOPSDevice", Throttle),
            ThrottleWriteIOPSDevice = e.List("throttleWriteIOPSDevice", Throttle),
        };

    static LinuxThrottleDevice Throttle(JsonElement e) =>
        new()
        {
            Major = e.Number("major").Int64() ?? 0,
            Minor = e.Number("minor").Int64() ?? 0,
            Rate = e.Number("rate").UInt64() ?? 0,
        };

    static LinuxSeccomp Seccomp(JsonElement e) =>
        new()
        {
            DefaultAction = e.Needed("defaultAction"),
            DefaultErrnoRet = e.Number("defaultErrnoRet").UInt32(),
            Architectures = e.Texts("architectures"),
            Flags = e.Texts("flags"),
            ListenerPath = e.Text("listenerPath"),
            Syscalls = e.List("syscalls", Syscall),
        };

    static LinuxSyscall Syscall(JsonElement e) =>
        new()
        {
            Names = e.Texts("names") ?? throw new JsonException("linux.seccomp.syscalls: names is missing"),
            Action = e.Needed("action"),
            ErrnoRet = e.Number("errnoRet").UInt32(),
            Args = e.List(
                "args",
                a => new LinuxSeccompArg
                {
                    Index = a.Number("index").UInt32() ?? 0,
                    Value = a.Number("value").UInt64() ?? 0,
                    ValueTwo = a.Number("valueTwo").UInt64() ?? 0,
                    Op = a.Needed("op"),
                }
            ),
        };
}
