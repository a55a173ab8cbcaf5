// How much of the disk images and containers take, and what they share.
using Skiff.Engine.Containers;
using Skiff.Engine.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Host;

/// <summary>Bytes on the disk. What several images share, blobs and unpacked layers, is counted once in LayersBytes.</summary>
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
        var room = engine.Images.Room;
        var parts = (images ? engine.Images.List() : []).Select(i => (Image: i, Bytes: room.Of(i))).ToList();
        var users = parts.SelectMany(p => p.Bytes.Keys).CountBy(part => part).ToDictionary();
        return new DiskUsage(
            images ? room.Total() : 0,
            [
                .. parts.Select(p => new ImageUsage(
                    p.Image,
                    p.Bytes.Values.Sum(),
                    p.Bytes.Where(part => users[part.Key] > 1).Sum(part => part.Value),
                    all.Count(used => used.ImageId == p.Image.Id)
                )),
            ],
            [.. (containers ? all : []).Select(c => (c, engine.Files.Sizes(c)))]
        );
    }
}

/// <param name="Bytes">of its blobs and unpacked layers</param>
/// <param name="SharedBytes">of those that other images have too</param>
/// <param name="Containers">made of it</param>
public sealed record ImageUsage(Image Image, long Bytes, long SharedBytes, int Containers);
