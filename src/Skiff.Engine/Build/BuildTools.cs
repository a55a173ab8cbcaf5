// What all builds of an engine share.
using System.Collections.Concurrent;
using Skiff.Engine.Containers;
using Skiff.Engine.Images;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Build;

/// <param name="CacheMounts">directory of what `RUN --mount=type=cache` keeps</param>
/// <param name="Steps">as many processes run side by side as there are processors</param>
internal sealed record BuildTools(
    EngineOptions Options,
    StateLayout Layout,
    ImageService Images,
    StepSandbox Sandbox,
    BuildCache Cache,
    ContentDigests Digests,
    CacheMounts CacheMounts,
    SemaphoreSlim Steps
);

/// <summary>The directories of `RUN --mount=type=cache`: they outlive builds, and are in no image.</summary>
internal sealed class CacheMounts(string directory)
{
    readonly ConcurrentDictionary<string, SemaphoreSlim> locks = new(StringComparer.Ordinal);

    internal string Directory { get; } = directory;

    /// <summary>By its id; made when it is not there.</summary>
    /// <param name="made">it is new</param>
    internal string PathOf(string id, out bool made)
    {
        string path = Path.Combine(Directory, BuildCache.Key(id)[..32]);
        made = !System.IO.Directory.Exists(path);
        if (made)
            System.IO.Directory.CreateDirectory(
                path,
                (UnixFileMode)0x1ed /* 0755 */
            );
        return path;
    }

    /// <summary>sharing=locked: for one step at a time.</summary>
    internal async Task<IDisposable> LockAsync(string id, CancellationToken cancellation)
    {
        var semaphore = locks.GetOrAdd(id, _ => new SemaphoreSlim(1));
        await semaphore.WaitAsync(cancellation);
        return new Held(semaphore);
    }

    /// <summary>sharing=private: one that no other step uses now; a further one where all are in use.</summary>
    internal IDisposable Private(string id, out string own)
    {
        for (int i = 0; ; i++)
        {
            own = i == 0 ? id : $"{id}\n{i}";
            var semaphore = locks.GetOrAdd(own, _ => new SemaphoreSlim(1));
            if (semaphore.Wait(0))
                return new Held(semaphore);
        }
    }

    internal void RemoveAll()
    {
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
    }

    sealed class Held(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
