// A tree of this machine as a stream of tar bytes, made while it is read.
using System.IO.Pipelines;

namespace Skiff.Cli.Files;

/// <summary>For one reader. What goes wrong with a file is thrown from Read.</summary>
internal sealed class PackedTree : Stream
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

    public override int Read(byte[] buffer, int offset, int count) => reader.Read(buffer, offset, count);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            reader.Dispose(); // the writer's next flush ends it
        base.Dispose(disposing);
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
