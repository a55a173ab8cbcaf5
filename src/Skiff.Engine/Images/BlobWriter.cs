// One blob on its way into the content store: hashed while written, verified before it gets its name.
using System.Security.Cryptography;
using Skiff.Linux.Files;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// A stream to write a blob into. Commit verifies and publishes it. Disposing without a commit keeps the partial file
/// if the digest was given, for the next writer of that blob, and else removes it. For one thread at a time.
/// </summary>
public sealed class BlobWriter : Stream
{
    const int BufferSize = 256 << 10;

    readonly ContentStore store;
    readonly string partial;
    readonly Digest? expected;
    readonly long? size;
    readonly FileStream file;
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long position;
    bool keep;
    bool closed;

    internal BlobWriter(ContentStore store, string partial, Digest? expected, long? size)
    {
        this.store = store;
        this.partial = partial;
        this.expected = expected;
        this.size = size;
        keep = expected is not null;
        file = new FileStream(
            partial,
            new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            }
        );
        if (size is { } whole && file.Length > whole)
            file.SetLength(0);
        if (file.Length > 0)
            HashWhatIsThere();
    }

    /// <summary>Bytes of the blob so far, with those of an earlier try. Cannot be set.</summary>
    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    /// <summary>Opens what is written so far for reading; the caller disposes.</summary>
    internal Stream ReadBack() =>
        new FileStream(partial, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>Forgets everything written, also by an earlier try: for a source that cannot send a part.</summary>
    public void Restart()
    {
        file.SetLength(0);
        file.Position = 0;
        hash.GetHashAndReset();
        position = 0;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (size is { } whole && position + buffer.Length > whole)
        {
            keep = false;
            throw new EngineException(
                ErrorKind.DataLoss,
                $"blob {expected} is larger than its descriptor says: expected {whole} bytes"
            );
        }
        try
        {
            file.Write(buffer);
        }
        catch (Exception e) when (DiskErrors.Applies(e))
        {
            // The room is needed by others more than by a later try.
            keep = false;
            throw DiskErrors.Explain(e, "storing a blob", partial);
        }
        hash.AppendData(buffer);
        position += buffer.Length;
    }

    /// <summary>Verifies size and digest, syncs and publishes. One that is here already is kept. Returns the digest.</summary>
    /// <param name="lease">keeps the blob from the moment it is here; needed where the digest was not known before</param>
    /// <exception cref="EngineException">DataLoss, naming both sizes or digests; nothing is kept</exception>
    public Digest Commit(ContentLease? lease = null)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        // Whatever fails from here on would fail again with the same bytes.
        keep = false;
        if (size is { } whole && position != whole)
            throw new EngineException(
                ErrorKind.DataLoss,
                $"blob {expected} has the wrong size: expected {whole} bytes, got {position}"
            );
        var actual = Digest.FromSha256(hash.GetHashAndReset());
        if (expected is { } wanted && actual != wanted)
            throw new EngineException(ErrorKind.DataLoss, $"digest mismatch: expected {wanted}, got {actual}");
        lease?.Keep(actual);
        if (!store.Contains(actual))
        {
            try
            {
                file.Flush(flushToDisk: true);
                string final = store.PathOf(actual);
                File.Move(partial, final, overwrite: true);
                AtomicFile.SyncDirectory(Path.GetDirectoryName(final)!);
            }
            catch (Exception e) when (DiskErrors.Applies(e))
            {
                throw DiskErrors.Explain(e, "storing a blob", partial);
            }
        }
        Dispose();
        return actual;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !closed)
        {
            closed = true;
            file.Dispose();
            hash.Dispose();
            if (!keep || position == 0)
                File.Delete(partial);
            store.Release(partial);
        }
        base.Dispose(disposing);
    }

    // The bytes of an earlier try count only through their hash: if they are wrong, the commit fails and removes them.
    void HashWhatIsThere()
    {
        var buffer = new byte[BufferSize];
        file.Position = 0;
        for (int count; (count = file.Read(buffer)) > 0; position += count)
            hash.AppendData(buffer, 0, count);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    // Files of this machine do not wait; hashing is work either way.
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => !closed;
    public override long Length => position;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
