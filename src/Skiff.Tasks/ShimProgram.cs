// The program of the shims, opened once for all of them in a way that no container can write to it.
using System.Collections.Concurrent;
using Skiff.Linux;
using Skiff.Linux.Spawn;

namespace Skiff.Tasks;

/// <summary>
/// By path. Held for the life of this process: an engine keeps to the runtime it was started with, also when another
/// version is installed over it.
/// </summary>
internal static class ShimProgram
{
    static readonly ConcurrentDictionary<string, Lazy<Fd>> Opened = [];

    /// <summary>A path by which this process, and a child that has closed its descriptors, can execute it.</summary>
    /// <exception cref="ErrnoException">ENOENT: there is none; EPERM: not without CAP_SYS_ADMIN</exception>
    internal static string Open(string path)
    {
        Lazy<Fd> program = Opened.GetOrAdd(path, static p => new Lazy<Fd>(() => SafeProgram.Open(p)));
        try
        {
            return $"/proc/{Environment.ProcessId}/fd/{program.Value.Number}";
        }
        catch (ErrnoException)
        {
            Opened.TryRemove(path, out _); // it may be there the next time
            throw;
        }
    }
}
