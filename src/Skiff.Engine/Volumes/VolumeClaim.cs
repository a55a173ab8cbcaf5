// Volumes that a container to be counts on.
namespace Skiff.Engine.Volumes;

/// <summary>Keeps volumes from being removed while it lives; removes those it made unless they are kept.</summary>
internal sealed class VolumeClaim(VolumeService service) : IDisposable
{
    readonly List<(Volume Volume, bool IsNew)> volumes = [];
    bool kept;

    internal IReadOnlyList<Volume> Volumes => [.. volumes.Select(v => v.Volume)];

    internal void Add(Volume volume, bool isNew) => volumes.Add((volume, isNew));

    /// <summary>The container is there: its record holds them from now on.</summary>
    internal void Keep() => kept = true;

    public void Dispose()
    {
        service.Release(volumes.Select(v => v.Volume.Name));
        if (!kept)
            service.RemoveUnused(volumes.Where(v => v.IsNew).Select(v => v.Volume));
        volumes.Clear();
    }
}
