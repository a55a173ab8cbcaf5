// Where the mounts of containers meet the volumes of the engine.
using Skiff.Engine.Bundles;
using Skiff.Engine.Volumes;

namespace Skiff.Engine.Containers;

internal static class ContainerMounts
{
    /// <summary>The mounts of a container to be, with a claim on their volumes: those that are missing are made.</summary>
    /// <exception cref="EngineException">as MountPlan and VolumeService; NotFound: no such container to mount from</exception>
    internal static (IReadOnlyList<MountRequest> Mounts, VolumeClaim Claim) Claim(
        ContainerCreate request,
        ContainerConfig config,
        ContainerStore store,
        VolumeService volumes
    )
    {
        var plan = MountPlan.Of(request.Host, config.Volumes, name => MountsOf(store, name));
        var wanted = plan.Where(m => m.Type == "volume")
            .Select(m => new VolumeCreate(
                m.Source,
                m.VolumeDriver.Length > 0 ? m.VolumeDriver : request.Host.VolumeDriver,
                m.VolumeOptions ?? new Dictionary<string, string>(),
                m.VolumeLabels ?? new Dictionary<string, string>()
            ))
            .ToList();
        var claim = volumes.Claim(wanted);
        var names = new Queue<string>(claim.Volumes.Select(v => v.Name));
        return ([.. plan.Select(m => m.Type == "volume" ? m with { Source = names.Dequeue() } : m)], claim);
    }

    /// <summary>With where each is on this host.</summary>
    internal static IReadOnlyList<BoundMount> Bound(Container container, VolumeService volumes) =>
        [.. container.MountPoints.Select(m => new BoundMount(m, m.Type == "volume" ? volumes.PathOf(m.Source) : m.Source))];

    internal static IEnumerable<MountRequest> Volumes(Container container) =>
        container.MountPoints.Where(m => m.Type == "volume");

    internal static IReadOnlyList<VolumeUse> Uses(Container container) =>
        [.. Volumes(container).Select(m => new VolumeUse(m.Source, m.Target, m.ReadOnly))];

    /// <summary>Before there were volumes, all mounts stood in the settings.</summary>
    internal static Container OfEarlierReleases(Container container) =>
        container.MountPoints.Count == 0 && container.Host.Binds.Count + container.Host.Mounts.Count > 0
            ? container with
            {
                MountPoints = MountPlan.Of(container.Host, [], _ => []),
            }
            : container;

    /// <summary>Of --volumes-from. NotFound would have clients pull the image: they take it to be what is missing.</summary>
    static IReadOnlyList<MountRequest> MountsOf(ContainerStore store, string name)
    {
        try
        {
            return store.Get(name).Record.MountPoints;
        }
        catch (EngineException e) when (e.Kind == ErrorKind.NotFound)
        {
            throw EngineException.Invalid(e.Message);
        }
    }
}
