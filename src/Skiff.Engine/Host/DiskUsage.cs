// How much of the disk images and containers take, and what they share.
using Skiff.Engine.Containers;
using Skiff.Engine.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Host;

/// <summary>Bytes. Layers that several images have are counted once in LayersBytes.</summary>
public sealed record DiskUsage(
    long LayersBytes,
    IReadOnlyList<ImageUsage> Images,
    IReadOnlyList<(Container Container, ContainerSizes Sizes)> Containers
)
{
    /// <summary>Walks the writable layers of all containers, which takes a moment where they are big.</summary>
    /// <param name="images">with the images; without, none are told and no layers counted</param>
    public static DiskUsage Read(Engine engine, bool images, bool containers)
    {
        var all = engine.Containers.List();
        var chains = (images ? engine.Images.List() : [])
            .Select(i => (Image: i, Chain: ChainId.Compute(i.Config.RootFs.DiffIds)))
            .ToList();
        var users = chains.SelectMany(c => c.Chain.Distinct()).CountBy(id => id).ToDictionary();
        var sizes = users.Keys.ToDictionary(id => id, engine.LayerBytes);
        return new DiskUsage(
            sizes.Values.Sum(),
            [
                .. chains.Select(c => new ImageUsage(
                    c.Image,
                    c.Chain.Where(id => users[id] > 1).Sum(id => sizes[id]),
                    all.Count(used => used.ImageId == c.Image.Id)
                )),
            ],
            [.. (containers ? all : []).Select(c => (c, engine.Files.Sizes(c)))]
        );
    }
}

/// <param name="SharedBytes">of its layers that other images have too</param>
/// <param name="Containers">made of it</param>
public sealed record ImageUsage(Image Image, long SharedBytes, int Containers);
