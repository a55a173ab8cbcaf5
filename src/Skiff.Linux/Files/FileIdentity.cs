// Who a thread is to file systems: setfsuid(2), setfsgid(2).
using Skiff.Linux.Native;
using Skiff.Linux.Processes;

namespace Skiff.Linux.Files;

/// <summary>
/// While it lives, what this thread makes belongs to another user: a mount whose ids are mapped takes no file of a user
/// that the map does not hold, root of the host among them. Dispose it on the same thread.
/// </summary>
public readonly struct FileIdentity : IDisposable
{
    readonly int uidBefore;
    readonly int gidBefore;

    /// <exception cref="ErrnoException">capset: EPERM</exception>
    public FileIdentity(uint uid, uint gid)
    {
        gidBefore = (int)Libc.Call(Syscall.setfsgid, (nint)gid);
        uidBefore = (int)Libc.Call(Syscall.setfsuid, (nint)uid);
        Capabilities.RaiseAll(); // what the kernel took with the user
    }

    public void Dispose()
    {
        _ = Libc.Call(Syscall.setfsuid, uidBefore);
        _ = Libc.Call(Syscall.setfsgid, gidBefore);
    }
}
