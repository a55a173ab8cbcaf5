// Blobs by digest: an OCI image layout on disk. Blobs are verified as they come in and never change.
using System.Text.Json;
using Skiff.Engine.Storage;
using Skiff.Linux.Files;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// The blobs of all images. A blob that has its name is complete, verified and on disk; what is half written lives in
/// scratch. Safe for any number of readers and writers, also of one blob.
/// </summary>
public sealed class ContentStore
{
    /// <summary>The largest manifest, index or config that is read into memory.</summary>
    public const int MaxDocumentBytes = 4 << 20;

    /// <summary>In scratch: the blobs on their way, which outlive the engine.</summary>
    internal const string IngestName = "ingest";

    // Nobody comes back for the rest of a blob after that long.
    static readonly TimeSpan PartialLife = TimeSpan.FromDays(7);

    readonly string blobs;
    readonly string ingest;
    readonly Lock gate = new();
    readonly HashSet<string> busyPartials = [];
    readonly List<ContentLease> leases = [];
    HashSet<Digest>? touchedWhileCollecting;

    public ContentStore(StateLayout layout)
    {
        Layout = layout;
        blobs = Path.Combine(layout.Content, "blobs", "sha256");
        ingest = Path.Combine(layout.Scratch, IngestName);
        Directory.CreateDirectory(blobs);
        Directory.CreateDirectory(ingest);
        DropOldPartials();
        string marker = Path.Combine(layout.Content, "oci-layout");
        if (!File.Exists(marker))
            AtomicFile.Write(marker, JsonSerializer.SerializeToUtf8Bytes(new OciLayout(), OciJson.Plain.OciLayout));
    }

    internal StateLayout Layout { get; }

    public bool Contains(Digest digest) => File.Exists(PathOf(digest));

    /// <summary>Bytes; null if there is no such blob.</summary>
    public long? Size(Digest digest) => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    /// <summary>Opens a blob for reading; the caller disposes. It stays readable even if it is removed meanwhile.</summary>
    /// <exception cref="EngineException">NotFound "blob sha256:... not found"</exception>
    public Stream OpenRead(Digest digest)
    {
        try
        {
            return new FileStream(
                PathOf(digest),
                new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 }
            );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException(ErrorKind.NotFound, $"blob {digest} not found", e);
        }
    }

    /// <summary>Reads a manifest, index or config.</summary>
    /// <exception cref="EngineException">NotFound; InvalidParameter if it is larger than 4 MiB</exception>
    public byte[] ReadAllBytes(Digest digest)
    {
        using var stream = OpenRead(digest);
        if (stream.Length > MaxDocumentBytes)
            throw EngineException.Invalid($"blob {digest} is too large for a document: {stream.Length} bytes");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>
    /// Opens a writer of a blob whose digest is known. It stands at the end of what an earlier try left (see
    /// <see cref="BlobWriter.Position"/>): the caller sends the rest, or calls Restart and sends everything. A second
    /// writer of the same blob starts at 0, beside the first.
    /// </summary>
    /// <param name="size">bytes, if known: more is refused at once</param>
    /// <exception cref="EngineException">System: the disk is too full for it</exception>
    public BlobWriter OpenWriter(Digest digest, long? size)
    {
        if (size is { } needed)
            DiskErrors.RequireSpace(ingest, needed, $"storing blob {digest}");
        string partial = Path.Combine(ingest, digest.Hex);
        lock (gate)
        {
            if (!busyPartials.Add(partial))
                busyPartials.Add(partial = Path.Combine(ingest, $"{digest.Hex}.{Guid.NewGuid():N}"));
        }
        try
        {
            return new BlobWriter(this, partial, digest, size);
        }
        catch
        {
            Release(partial);
            throw;
        }
    }

    /// <summary>Whether an unfinished writer left something of a blob.</summary>
    public bool HasPartial(Digest digest) => File.Exists(Path.Combine(ingest, digest.Hex));

    /// <summary>Bytes of all blobs that are half here.</summary>
    internal long PartialBytes() => new DirectoryInfo(ingest).EnumerateFiles().Sum(f => f.Exists ? f.Length : 0);

    /// <summary>Removes what an unfinished writer left of a blob, unless one is at it now.</summary>
    public void DiscardPartial(Digest digest)
    {
        string partial = Path.Combine(ingest, digest.Hex);
        lock (gate)
            if (!busyPartials.Contains(partial))
                File.Delete(partial);
    }

    /// <summary>Opens a writer of a blob whose digest is found out by writing.</summary>
    public BlobWriter OpenWriter()
    {
        string partial = Path.Combine(ingest, $"{Guid.NewGuid():N}");
        lock (gate)
            busyPartials.Add(partial);
        return new BlobWriter(this, partial, null, null);
    }

    /// <summary>Stores a document. Returns its digest; one that is here already is left alone.</summary>
    /// <param name="lease">keeps it, unless the caller has kept its digest before</param>
    public Digest Write(ReadOnlySpan<byte> content, ContentLease? lease = null)
    {
        using var writer = OpenWriter();
        writer.Write(content);
        return writer.Commit(lease);
    }

    /// <summary>
    /// Opens a lease: until it is disposed, the collector keeps what it names, also before anything refers to it.
    /// Keep a digest before asking whether it is here.
    /// </summary>
    public ContentLease OpenLease()
    {
        var lease = new ContentLease(this);
        lock (gate)
            leases.Add(lease);
        return lease;
    }

    /// <summary>Removes the partial files that no writer has open.</summary>
    internal void DropPartials()
    {
        lock (gate)
            foreach (string partial in Directory.EnumerateFiles(ingest).Where(p => !busyPartials.Contains(p)).ToList())
                File.Delete(partial);
    }

    // What an earlier process left is continued by the next pull, if its blob has a name.
    void DropOldPartials()
    {
        foreach (string partial in Directory.EnumerateFiles(ingest))
            if (
                !Digest.TryParse("sha256:" + Path.GetFileName(partial), out _)
                || DateTime.UtcNow - File.GetLastWriteTimeUtc(partial) > PartialLife
            )
                File.Delete(partial);
    }

    internal string PathOf(Digest digest) =>
        digest.IsEmpty ? throw new ArgumentException("empty digest") : Path.Combine(blobs, digest.Hex);

    internal void Keep(ContentLease lease, Digest digest)
    {
        lock (gate)
        {
            lease.Kept.Add(digest);
            touchedWhileCollecting?.Add(digest);
        }
    }

    internal void Close(ContentLease lease)
    {
        lock (gate)
            leases.Remove(lease);
    }

    /// <summary>A writer has gone: its partial file may be taken up by the next.</summary>
    internal void Release(string partial)
    {
        lock (gate)
            busyPartials.Remove(partial);
    }

    /// <summary>From here until the end of the collection, everything that a lease holds or takes is kept.</summary>
    internal void BeginCollection()
    {
        lock (gate)
        {
            touchedWhileCollecting = [];
            foreach (var lease in leases)
                touchedWhileCollecting.UnionWith(lease.Kept);
        }
    }

    internal void EndCollection()
    {
        lock (gate)
            touchedWhileCollecting = null;
    }

    /// <summary>Does something to what no lease holds, and not while a lease takes it.</summary>
    internal bool IfUnheld(Digest digest, Action action)
    {
        lock (gate)
        {
            if (touchedWhileCollecting?.Contains(digest) != false)
                return false;
            action();
            return true;
        }
    }

    /// <summary>Every blob here.</summary>
    internal IEnumerable<Digest> All()
    {
        foreach (string path in Directory.EnumerateFiles(blobs))
            if (Digest.TryParse("sha256:" + Path.GetFileName(path), out var digest))
                yield return digest;
    }

    internal void Remove(Digest digest) => File.Delete(PathOf(digest));
}

/// <summary>Holds blobs and unpacked layers for an operation in flight.</summary>
public sealed class ContentLease : IDisposable
{
    readonly ContentStore store;

    internal ContentLease(ContentStore store) => this.store = store;

    internal HashSet<Digest> Kept { get; } = [];

    /// <summary>Keeps a blob (by its digest) or an unpacked layer (by its chain id), here already or to come.</summary>
    public void Keep(Digest digest) => store.Keep(this, digest);

    public void Dispose() => store.Close(this);
}
