// An image as Docker's clients see it.
using Skiff.Docker;
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Daemon.Docker;

internal static class ImageMapping
{
    static readonly ApiVersion WithoutVirtualSize = new(1, 44);

    internal static ImageSummary Summary(Image image, ApiVersion version) =>
        new()
        {
            Id = image.Id.ToString(),
            Created = image.Config.Created?.ToUnixTimeSeconds() ?? 0,
            Labels = image.Config.Config?.Labels,
            RepoTags = Familiar(image.Tags),
            RepoDigests = Familiar(image.RepoDigests),
            Size = image.Size,
        };

    internal static ImageInspect Inspect(Image image, ApiVersion version)
    {
        var config = image.Config;
        return new ImageInspect
        {
            Id = image.Id.ToString(),
            RepoTags = Familiar(image.Tags),
            RepoDigests = Familiar(image.RepoDigests),
            Comment = config.History is [.., { Comment: { } comment }] ? comment : "",
            Created = config.Created is { } created ? DockerTime.Format(created) : null,
            Author = config.Author ?? "",
            Architecture = config.Architecture,
            Variant = config.Variant,
            Os = config.OS,
            OsVersion = config.OSVersion,
            Size = image.Size,
            VirtualSize = version < WithoutVirtualSize ? image.Size : null,
            GraphDriver = new GraphDriver { Name = "overlay2" },
            RootFS = new RootFsBody { Layers = [.. config.RootFs.DiffIds.Select(d => d.ToString())] },
            Metadata = new ImageMetadata { LastTagTime = DockerTime.Format(image.LastTagged) },
            Descriptor = image.Manifest,
            Config = Config(config.Config ?? new ImageRunConfig()),
        };
    }

    /// <summary>Newest first.</summary>
    internal static IReadOnlyList<ImageHistoryItem> History(Image image)
    {
        var history = image.Config.History ?? [];
        int layer = image.Layers.Count;
        var items = new List<ImageHistoryItem>();
        foreach (var entry in history.Reverse())
        {
            bool empty = entry.EmptyLayer == true;
            items.Add(
                new ImageHistoryItem
                {
                    Id = items.Count == 0 ? image.Id.ToString() : "<missing>",
                    Created = entry.Created?.ToUnixTimeSeconds() ?? 0,
                    CreatedBy = entry.CreatedBy ?? "",
                    Comment = entry.Comment ?? "",
                    Size = !empty && layer > 0 ? image.Layers[--layer].Size : 0,
                    Tags = items.Count == 0 && image.Tags.Count > 0 ? Familiar(image.Tags) : null,
                }
            );
        }
        return items;
    }

    static ImageConfigBody Config(ImageRunConfig config) =>
        new()
        {
            ArgsEscaped = config.ArgsEscaped,
            Cmd = config.Cmd,
            Entrypoint = config.Entrypoint,
            Env = config.Env,
            ExposedPorts = config.ExposedPorts,
            Healthcheck = config.Healthcheck,
            Labels = config.Labels,
            OnBuild = config.OnBuild,
            Shell = config.Shell,
            StopSignal = config.StopSignal,
            User = config.User ?? "",
            Volumes = config.Volumes,
            WorkingDir = config.WorkingDir ?? "",
        };

    static IReadOnlyList<string> Familiar(IReadOnlyList<string> names) =>
        [.. names.Select(n => Reference.TryParse(n, out var reference) ? reference.Familiar : n)];
}
