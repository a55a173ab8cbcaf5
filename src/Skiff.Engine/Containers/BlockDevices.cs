// Limits of block devices: the user names them by path, the kernel by number.
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Containers;

internal static class BlockDevices
{
    /// <summary>null: no limit is asked for.</summary>
    /// <exception cref="EngineException">InvalidParameter: not a block device</exception>
    internal static LinuxBlockIO? Resolve(HostSettings host)
    {
        var io = new LinuxBlockIO
        {
            Weight = host.BlkioWeight > 0 ? host.BlkioWeight : null,
            WeightDevice = OrNull(host.BlkioWeightDevices, Weight),
            ThrottleReadBpsDevice = OrNull(host.BlkioReadBps, Rate),
            ThrottleWriteBpsDevice = OrNull(host.BlkioWriteBps, Rate),
            ThrottleReadIOPSDevice = OrNull(host.BlkioReadIops, Rate),
            ThrottleWriteIOPSDevice = OrNull(host.BlkioWriteIops, Rate),
        };
        return io == new LinuxBlockIO() ? null : io;
    }

    static LinuxWeightDevice Weight(DeviceWeight device)
    {
        var (major, minor) = NumberOf(device.Path);
        return new LinuxWeightDevice
        {
            Major = major,
            Minor = minor,
            Weight = device.Weight,
        };
    }

    static LinuxThrottleDevice Rate(DeviceRate device)
    {
        var (major, minor) = NumberOf(device.Path);
        return new LinuxThrottleDevice
        {
            Major = major,
            Minor = minor,
            Rate = device.Rate,
        };
    }

    static (uint Major, uint Minor) NumberOf(string path)
    {
        string real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        using var root = SafePath.OpenRoot("/");
        if (FileAt.TryStatus(root, Encoding.UTF8.GetBytes(real.TrimStart('/')), out var status) != Errno.None)
            throw EngineException.Invalid($"no such file or directory: \"{path}\"");
        return status.Kind == FileKind.BlockDevice
            ? (status.Major, status.Minor)
            : throw EngineException.Invalid($"not a block device: \"{path}\"");
    }

    static IReadOnlyList<TTo>? OrNull<TFrom, TTo>(IReadOnlyList<TFrom> from, Func<TFrom, TTo> convert) =>
        from.Count > 0 ? [.. from.Select(convert)] : null;
}
