// A build context as a tar, for an engine on another machine.
using System.IO.Pipelines;
using System.Text;
using Skiff.Oci.Layers;

namespace Skiff.Cli.Files;

/// <summary>Packed while it is read. What .dockerignore names is left out by the engine.</summary>
/// <param name="dockerfile">goes along under <paramref name="name"/>, or null</param>
internal sealed class PackedContext : ReadOnlyStream
{
    readonly Pipe pipe = new();
    readonly Stream reader;
    readonly Task packing;

    public PackedContext(string path, string? dockerfile, string name)
    {
        reader = pipe.Reader.AsStream();
        packing = Task.Run(() =>
        {
            try
            {
                using var output = pipe.Writer.AsStream();
                new TreePacker(output).PackContents(path, dockerfile is null ? null : (name, Encoding.UTF8.GetBytes(dockerfile)));
            }
            catch (Exception e)
            {
                pipe.Writer.Complete(e);
            }
        });
    }

    public override int Read(Span<byte> buffer) => reader.Read(buffer);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            reader.Dispose();
            packing.ContinueWith(_ => { }).Wait();
        }
        base.Dispose(disposing);
    }
}
