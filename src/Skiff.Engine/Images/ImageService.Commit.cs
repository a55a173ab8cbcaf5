// The verb on images that makes one from a container's writable layer.
using System.IO.Compression;
using Skiff.Engine.Images.Transfers;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Images;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>An image to be made: the parent's layers and one more.</summary>
public sealed record ImageCommit
{
    public required Image Parent { get; init; }

    /// <summary>The upper directory of an overlay over the parent's layers.</summary>
    public required string Upper { get; init; }

    /// <summary>Paths ("etc/hosts") that are no part of the image.</summary>
    public IReadOnlySet<string> LeftOut { get; init; } = new HashSet<string>();
    public required ImageRunConfig Config { get; init; }
    public string? Author { get; init; }
    public string? Comment { get; init; }

    /// <summary>What made the layer, for the history.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The image's name, or null.</summary>
    public Reference? Name { get; init; }
}

public sealed partial class ImageService
{
    /// <summary>Makes the image. Nothing of it is there before all of it is.</summary>
    /// <exception cref="EngineException">NotFound: content of the parent is gone; System: the disk is full</exception>
    public Task<Image> CommitAsync(ImageCommit request, CancellationToken cancellation) =>
        BlockingStream.RunAsync(() =>
        {
            var image = OrNothing(() => Commit(request, cancellation));
            Announce("create", image.Id, image.Id.ToString());
            if (request.Name is not null)
                Announce("tag", image.Id, request.Name.Familiar);
            return image;
        });

    Image Commit(ImageCommit request, CancellationToken cancellation)
    {
        var parent = request.Parent;
        using var lease = Content.OpenLease();
        foreach (var layer in parent.Layers)
            lease.Keep(layer.Digest);
        Digest? below = parent.Config.RootFs.DiffIds.Count == 0 ? null : ChainId.Compute(parent.Config.RootFs.DiffIds)[^1];
        using var unpack = Snapshots.BeginUnpack(below);
        var (blob, unpacked) = WriteLayer(request.Upper, request.LeftOut, unpack, lease, cancellation);
        lease.Keep(ChainId.Join(below, unpacked.DiffId));
        unpack.Commit(unpacked.DiffId);

        var now = DateTimeOffset.UtcNow;
        var config = parent.Config with
        {
            Created = now,
            Author = request.Author,
            Config = request.Config,
            RootFs = parent.Config.RootFs with { DiffIds = [.. parent.Config.RootFs.DiffIds, unpacked.DiffId] },
            History =
            [
                .. parent.Config.History ?? [],
                new ImageHistory
                {
                    Created = now,
                    CreatedBy = request.CreatedBy,
                    Author = request.Author,
                    Comment = request.Comment,
                },
            ],
        };
        IReadOnlyList<Reference> names = request.Name is null ? [] : [request.Name];
        return AddMade(config, [.. parent.Layers, blob], parent.Size + unpacked.Size, names, lease);
    }

    /// <summary>One walk over the upper directory; its tar goes compressed into a blob, and unpacked into a layer at once.</summary>
    (Descriptor Blob, UnpackedLayer Layer) WriteLayer(
        string upper,
        IReadOnlySet<string> leftOut,
        LayerUnpack unpack,
        ContentLease lease,
        CancellationToken cancellation
    )
    {
        using var blob = Content.OpenWriter();
        using var pipe = new BlockPipe(cancellation);
        var unpacking = BlockingStream.RunAsync(() =>
        {
            try
            {
                return unpack.Apply(pipe, cancellation);
            }
            catch
            {
                pipe.Abandon(); // the other side must not wait for us
                throw;
            }
        });
        try
        {
            using var root = SafePath.OpenRoot(upper);
            using var packed = new GZipStream(blob, CompressionLevel.Fastest, leaveOpen: true);
            using var both = new BufferedStream(new ForkStream(packed, pipe), BlockPipe.BlockSize);
            var tar = new TarWriter(both);
            new TreeArchive(tar, new TreeArchiveOptions { IsUpper = true, LeftOut = leftOut }, cancellation).Write(root);
            tar.Finish();
        }
        catch (ErrnoException e) when (!unpacking.IsFaulted)
        {
            throw new EngineException(ErrorKind.System, $"cannot read the container's layer: {e.Message}", e);
        }
        finally
        {
            pipe.Complete();
            ((IAsyncResult)unpacking).AsyncWaitHandle.WaitOne();
        }
        var layer = unpacking.GetAwaiter().GetResult();
        var descriptor = new Descriptor
        {
            MediaType = ImageLoader.LayerType(LayerCompression.Gzip),
            Size = blob.Position,
            Digest = blob.Commit(lease),
        };
        return (descriptor, layer);
    }

    /// <summary>Writes to a stream and to a pipe. Disposing it leaves both open.</summary>
    sealed class ForkStream(Stream stream, BlockPipe pipe) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> bytes)
        {
            stream.Write(bytes);
            for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, BlockPipe.BlockSize)..])
            {
                byte[] block = BlockPipe.Rent();
                int count = Math.Min(bytes.Length, BlockPipe.BlockSize);
                bytes[..count].CopyTo(block);
                pipe.HandOverAsync(block, count).AsTask().GetAwaiter().GetResult();
            }
        }
    }
}
