// Keeps a stream that swells from filling the disk.
using Skiff.Oci.Layers;

namespace Skiff.Engine.Images;

/// <summary>
/// Reads through, and refuses to go on when less room is left on the disk than <paramref name="reserve"/> bytes: a layer of
/// a few megabytes can decompress to terabytes, and a full disk hurts everything else on the machine. Leaves the stream open.
/// </summary>
/// <param name="path">on the file system that is filled</param>
sealed class SpaceGuard(Stream source, string path, long reserve) : ReadOnlyStream
{
    const long Step = 32 << 20;

    // Of a small disk a part, of a large one a bound.
    const long LargestReserve = 1L << 30;
    const int PartOfDisk = 50;

    long untilCheck;

    /// <summary>What is always left free on the file system of a path, in bytes.</summary>
    public static long ReserveOf(string path) => Math.Min(LargestReserve, new DriveInfo(path).TotalSize / PartOfDisk);

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        untilCheck -= count;
        if (count > 0 && untilCheck < 0)
        {
            long free = new DriveInfo(path).AvailableFreeSpace;
            if (free - Step < reserve)
                throw DiskErrors.Reserved(path, free, reserve);
            untilCheck = Step;
        }
        return count;
    }
}
