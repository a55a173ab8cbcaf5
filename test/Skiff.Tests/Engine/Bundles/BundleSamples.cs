// Requests for bundles, the same on every machine.
using System.Text.Encodings.Web;
using System.Text.Json;
using Skiff.Engine.Bundles;
using Skiff.Linux.Processes;
using Skiff.Oci.Runtime;

namespace Skiff.Tests.Engine.Bundles;

internal static class BundleSamples
{
    internal const string Id = "4f0c3c9bb7d8a6f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899";

    static readonly RuntimeJson indented = new(
        new JsonSerializerOptions(RuntimeJson.Default.Options)
        {
            WriteIndented = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }
    );

    internal static readonly HostFacts Facts = new()
    {
        Architecture = "amd64",
        Kernel = new Version(6, 18),
        Capabilities = [.. Capabilities.All.Where(c => c != "CAP_SYS_RESOURCE")],
        Cpus = NumberRanges.TryParse("0-3")!,
        MaskedPaths = ["/sys/devices/system/cpu/cpu0/thermal_throttle"],
    };

    internal static BundleRequest Request(HostSettings host, ContainerConfig? config = null) =>
        new()
        {
            Id = Id,
            Config = config ?? new ContainerConfig { Hostname = Id[..12], Cmd = ["sh"] },
            Host = host,
            Root = new SpecMount
            {
                Destination = "/",
                Type = "overlay",
                Source = "overlay",
                Options = ["lowerdir=/l", "upperdir=/u", "workdir=/w"],
            },
            Mounts = Mounts(host),
            RootPath = "/run/skiff/bundles/x/rootfs",
            User = new ResolvedUser(0, 0, [], "/root"),
            NetworkNamespacePath = host.NetworkMode == "host" ? null : "/proc/self/fd/4",
            EtcFiles = new Dictionary<string, string>
            {
                ["/etc/hosts"] = "/var/lib/skiff/containers/x/hosts",
                ["/etc/hostname"] = "/var/lib/skiff/containers/x/hostname",
                ["/etc/resolv.conf"] = "/var/lib/skiff/containers/x/resolv.conf",
            },
            Facts = Facts,
        };

    internal static IReadOnlyList<BoundMount> Mounts(HostSettings host) =>
        [
            .. MountPlan
                .Of(host, [], _ => [])
                .Select(m => new BoundMount(m, m.Type == "volume" ? $"/volumes/{m.Source}/_data" : m.Source)),
        ];

    internal static string Json(Spec spec) => JsonSerializer.Serialize(spec, indented.Spec) + "\n";

    internal static string Json(LinuxSeccomp profile) => Json(new Spec { Linux = new LinuxSpec { Seccomp = profile } });
}
