// A tree of this machine as a stream of tar bytes, made while it is read.
using System.IO.Pipelines;
using Skiff.Oci.Layers;

namespace Skiff.Cli.Files;

/// <summary>For one reader. What goes wrong with a file is thrown from Read.</summary>
internal sealed class PackedTree : ReadOnlyStream
{
    readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
    readonly Stream reader;
    readonly Thread packing;

    public PackedTree(string path, string name)
    {
        reader = pipe.Reader.AsStream();
        packing = new Thread(() =>
        {
            Exception? failure = null;
            try
            {
                using var buffered = new BufferedStream(pipe.Writer.AsStream(leaveOpen: true), 1 << 17);
                var packer = new TreePacker(buffered);
                packer.Pack(path, name);
                buffered.Flush();
                Size = packer.Size;
            }
            catch (Exception e)
            {
                failure = e;
            }
            pipe.Writer.Complete(failure);
        })
        {
            IsBackground = true,
        };
        packing.Start();
    }

    /// <summary>Bytes of the files, once all is read.</summary>
    public long Size { get; private set; }

    public override int Read(Span<byte> buffer) => reader.Read(buffer);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            reader.Dispose(); // the writer's next flush ends it
        base.Dispose(disposing);
    }
}
