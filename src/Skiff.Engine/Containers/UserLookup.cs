// Reads an image's user database without mounting anything on the host, and remembers the answer.
using System.Collections.Concurrent;
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;

namespace Skiff.Engine.Containers;

internal sealed class UserLookup
{
    const int MaxFileBytes = 1 << 20;
    const int MaxRemembered = 256;

    readonly ConcurrentDictionary<string, ResolvedUser> remembered = new(StringComparer.Ordinal);

    /// <summary>Who the container's init process runs as.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such user or group</exception>
    internal ResolvedUser Resolve(Container container, Snapshot snapshot)
    {
        // A container that never ran has its image's files: the answer is the same for all of them.
        if (container.State.StartedAt is not null)
            return FromSnapshot(container, snapshot);
        string key = $"{container.ImageId} {container.Config.User} {string.Join(',', container.Host.GroupAdd)}";
        if (remembered.TryGetValue(key, out var known))
            return known;
        var user = FromSnapshot(container, snapshot);
        if (remembered.Count < MaxRemembered)
            remembered[key] = user;
        return user;
    }

    /// <summary>Who an exec runs as, by the files as they are now in the running container.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such user or group; Conflict: it has just ended</exception>
    internal ResolvedUser ResolveRunning(Container container, string user)
    {
        try
        {
            using var root = SafePath.OpenRoot($"/proc/{container.State.Pid}/root");
            return FromRoot(root, user, container.Host.GroupAdd);
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ESRCH)
        {
            throw EngineException.Conflict($"container {container.Id} is not running");
        }
    }

    static ResolvedUser FromSnapshot(Container container, Snapshot snapshot)
    {
        using var root = Overlay.OpenDetached(snapshot.Lowers, snapshot.Upper, snapshot.Work);
        return FromRoot(root, container.Config.User, container.Host.GroupAdd);
    }

    internal static ResolvedUser FromRoot(Fd root, string user, IReadOnlyList<string> groupAdd) =>
        UserResolver.Resolve(user, Lines(root, "etc/passwd"), Lines(root, "etc/group"), groupAdd);

    static IReadOnlyList<string> Lines(Fd root, string path)
    {
        byte[] content = new byte[MaxFileBytes];
        int length = 0;
        try
        {
            using var file = SafePath.OpenRead(root, path, Containment.InRoot);
            int read;
            while (length < content.Length && (read = FdIo.TryRead(file, content.AsSpan(length), out _)) > 0)
                length += read;
        }
        catch (ErrnoException)
        {
            return []; // none, or no regular file: numbers still work
        }
        return Encoding.UTF8.GetString(content, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
