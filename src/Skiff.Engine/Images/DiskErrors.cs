// A full disk or an exceeded quota, said in words a user can act on.
using Skiff.Linux;

namespace Skiff.Engine.Images;

static class DiskErrors
{
    const string Mark = "skiff.disk-full";

    // The HResult of .NET's IOException on Linux is the error number.
    static bool IsFull(Exception e) =>
        e is ErrnoException { Errno: Errno.ENOSPC or Errno.EDQUOT }
        || (e is IOException and not ErrnoException && (Errno)(e.HResult & 0xffff) is Errno.ENOSPC or Errno.EDQUOT);

    /// <summary>An exception filter: true for a failure that <see cref="Explain"/> has words for.</summary>
    public static bool Applies(Exception e) => IsFull(e);

    public static EngineException Explain(Exception e, string doing, string path) =>
        Full($"{doing}: no space left on device: \"{path}\"", e);

    /// <summary>Whether an operation failed for want of room, as told by this class.</summary>
    public static bool Explained(Exception e) => e.Data.Contains(Mark);

    static EngineException Full(string message, Exception? inner) =>
        new(ErrorKind.System, message, inner) { Data = { [Mark] = true } };

    /// <summary>Unpacking on would leave less room than is kept for everything else.</summary>
    public static EngineException Reserved(string path, long free, long reserve) =>
        Full(
            $"cannot unpack the layer: no space left on device: {free} bytes are free in \"{path}\", "
                + $"of which {reserve} are kept for others",
            null
        );

    /// <summary>Refuses what cannot fit, before the first byte.</summary>
    public static void RequireSpace(string path, long bytes, string doing)
    {
        long free = new DriveInfo(path).AvailableFreeSpace;
        if (bytes > free)
            throw Full($"{doing}: no space left on device: {bytes} bytes are needed, {free} are free in \"{path}\"", null);
    }
}
