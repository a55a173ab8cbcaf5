// The files of an image archive, sorted into the content store while the tar passes by.
using System.Text;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// What the archive is about may stand at its end, so every file that could be a blob is stored as one; what turns out
/// to be of no use is collected later. The caller's lease keeps them all.
/// </summary>
sealed class ArchiveFiles(ContentStore content, ContentLease lease)
{
    const int MaxFiles = 100_000;
    const int MaxLinks = 16;

    readonly Dictionary<string, byte[]> documents = new(StringComparer.Ordinal);
    readonly Dictionary<string, Digest> blobs = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> links = new(StringComparer.Ordinal);

    /// <summary>One of the files that say what the archive holds, or null.</summary>
    public byte[]? Document(string name) => documents.GetValueOrDefault(name);

    /// <summary>The digest of a file by its name in the archive.</summary>
    /// <exception cref="EngineException">InvalidParameter: there is no such file</exception>
    public Digest Blob(string name)
    {
        string path = Clean(Encoding.UTF8.GetBytes(name));
        for (int i = 0; i < MaxLinks && links.TryGetValue(path, out string? target); i++)
            path = target;
        return blobs.TryGetValue(path, out var digest)
            ? digest
            : throw EngineException.Invalid($"invalid archive: file \"{name}\" is missing");
    }

    /// <summary>Reads the whole archive.</summary>
    public void Read(TarReader reader, CancellationToken cancellation)
    {
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Clean(entry.Name.Span);
            if (blobs.Count + links.Count > MaxFiles)
                throw EngineException.Invalid($"invalid archive: more than {MaxFiles} files");
            if (entry.Kind == TarKind.File && entry.Sparse is null)
                ReadFile(path, entry.Size, reader, cancellation);
            else if (entry.Kind is TarKind.HardLink)
                links[path] = Clean(entry.LinkName.Span);
            else if (entry.Kind is TarKind.Symlink)
                links[path] = Clean([.. Encoding.UTF8.GetBytes(path), .. "/../"u8, .. entry.LinkName.Span]);
        }
    }

    void ReadFile(string path, long size, TarReader reader, CancellationToken cancellation)
    {
        if (path is ImageArchive.DockerManifestFile or ImageArchive.IndexFile or ImageArchive.LayoutFile)
        {
            if (size > ContentStore.MaxDocumentBytes)
                throw EngineException.Invalid($"invalid archive: \"{path}\" is too large: {size} bytes");
            using var copy = new MemoryStream();
            reader.OpenContents().CopyTo(copy);
            documents[path] = copy.ToArray();
            return;
        }
        Digest? expected =
            path.StartsWith(ImageArchive.Blobs, StringComparison.Ordinal)
            && Digest.TryParse("sha256:" + path[ImageArchive.Blobs.Length..], out var named)
                ? named
                : null;
        if (expected is { } known)
        {
            lease.Keep(known);
            blobs[path] = known;
            if (content.Contains(known))
                return;
        }
        using var writer = expected is { } digest ? content.OpenWriter(digest, size) : content.OpenWriter();
        if (writer.Position > 0)
            writer.Restart();
        while (reader.ReadChunk() is { IsEmpty: false } chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Write(chunk);
        }
        blobs[path] = writer.Commit(lease);
    }

    static string Clean(ReadOnlySpan<byte> name)
    {
        var path = new byte[name.Length];
        int length = LayerPath.Clean(name, path);
        return length >= 0
            ? Encoding.UTF8.GetString(path, 0, length)
            : throw EngineException.Invalid($"invalid archive: entry \"{Encoding.UTF8.GetString(name)}\" escapes the root");
    }
}
