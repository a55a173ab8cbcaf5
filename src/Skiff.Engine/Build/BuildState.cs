// How far a stage has come: layers, configuration, history.
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

/// <summary>Never changed: every instruction makes the next.</summary>
internal sealed record BuildState
{
    /// <summary>What is neither layers nor run configuration nor history: of the base image.</summary>
    public required ImageConfig Base { get; init; }
    public required ImageRunConfig Config { get; init; }

    /// <summary>Lowest first, with their DiffIds.</summary>
    public IReadOnlyList<Descriptor> Layers { get; init; } = [];
    public IReadOnlyList<Digest> DiffIds { get; init; } = [];

    /// <summary>Bytes of all files of all layers.</summary>
    public long Size { get; init; }
    public IReadOnlyList<ImageHistory> History { get; init; } = [];

    /// <summary>When the newest layer was made: what only changes the configuration makes nothing newer.</summary>
    public required DateTimeOffset Created { get; init; }
    public string? Author { get; init; }

    /// <summary>ARGs in scope, in order; null: declared, without a value.</summary>
    public IReadOnlyList<(string Name, string? Value)> Arguments { get; init; } = [];

    /// <summary>Of the newest layer.</summary>
    public int Vertex { get; init; }

    internal Digest? Chain => DiffIds.Count == 0 ? null : ChainId.Compute(DiffIds)[^1];

    internal ImageConfig ImageConfig =>
        Base with
        {
            Created = Created,
            Author = Author,
            Config = Config,
            RootFs = new ImageRootFs { Type = "layers", DiffIds = [.. DiffIds] },
            History = [.. History],
        };

    /// <summary>As an image, for making a writable layer over it. Its id and manifest are those of nothing.</summary>
    internal Image AsImage() =>
        new()
        {
            Id = ImageService.IdOf(ImageConfig),
            Manifest = new Descriptor
            {
                MediaType = MediaTypes.OciManifest,
                Digest = ImageService.IdOf(ImageConfig),
                Size = 0,
            },
            Layers = Layers,
            Config = ImageConfig,
            Size = Size,
        };

    /// <summary>The configuration changed: a line in the history, no layer.</summary>
    internal BuildState With(ImageRunConfig config, string createdBy) =>
        this with
        {
            Config = config,
            History = [.. History, Line(Created, createdBy, empty: true)],
        };

    internal BuildState With(CachedStep step, string createdBy) =>
        this with
        {
            Layers = [.. Layers, step.Blob],
            DiffIds = [.. DiffIds, step.DiffId],
            Size = Size + step.Size,
            Created = step.Created,
            History = [.. History, Line(step.Created, createdBy, empty: false)],
        };

    ImageHistory Line(DateTimeOffset created, string createdBy, bool empty) =>
        new()
        {
            Created = created,
            CreatedBy = createdBy,
            Author = Author,
            Comment = "buildkit.dockerfile.v0",
            EmptyLayer = empty ? true : null,
        };
}
