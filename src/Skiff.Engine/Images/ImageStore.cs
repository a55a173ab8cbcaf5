// The records of images and the names that point at them: in memory for reading, in the database for keeping.
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Skiff.Engine.Storage;
using Skiff.Linux.Files;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// Holds complete images only: content committed, every layer unpacked. A name is written "repository:tag" or
/// "repository@digest", with the registry. The index.json of the content's image layout follows every change.
/// </summary>
public sealed class ImageStore
{
    const string ImageNameAnnotation = "io.containerd.image.name";
    const string RefNameAnnotation = "org.opencontainers.image.ref.name";

    readonly Database database;
    readonly ContentStore content;
    readonly Snapshotter snapshots;
    readonly Lock gate = new();
    readonly Dictionary<Digest, ImageRecord> records = [];
    readonly SortedDictionary<string, Digest> names = new(StringComparer.Ordinal);
    Dictionary<Digest, Image> images = [];

    public ImageStore(Database database, ContentStore content, Snapshotter snapshots)
    {
        this.database = database;
        this.content = content;
        this.snapshots = snapshots;
        foreach (var (id, json) in database.Read("SELECT id, record FROM images", r => (r.GetString(0), r.GetString(1))))
            records.Add(Digest.Parse(id), JsonSerializer.Deserialize(json, ImageJson.Default.ImageRecord)!);
        foreach (
            var (name, image) in database.Read(
                "SELECT reference, image FROM image_references",
                r => (r.GetString(0), r.GetString(1))
            )
        )
            names.Add(name, Digest.Parse(image));
        Rebuild();
    }

    /// <summary>
    /// Adds an image and points names at it, in one durable step; a name moves here from an image that had it. An image
    /// that is here already keeps its other names. Tags and RepoDigests of <paramref name="image"/> itself are ignored.
    /// Call it while the lease on its content is still open. Returns the image with all its names.
    /// </summary>
    /// <exception cref="EngineException">System: a part of the image is not in the store</exception>
    public Image Add(Image image, IReadOnlyList<Reference> references)
    {
        RequireComplete(image);
        lock (gate)
        {
            // The manifest that came first stays: it is what the layers in the store belong to.
            bool known = records.TryGetValue(image.Id, out var old);
            bool tagged = references.Any(r => r.Digest is null);
            var record = new ImageRecord
            {
                Manifest = image.Manifest,
                Layers = image.Layers,
                Config = image.Config,
                Size = image.Size,
                LastTagged = tagged ? DateTimeOffset.UtcNow : old?.LastTagged,
            };
            if (known && content.Contains(old!.Manifest.Digest))
                record = record with { Manifest = old.Manifest, Layers = old.Layers };
            string json = JsonSerializer.Serialize(record, ImageJson.Default.ImageRecord);
            database.Write(connection =>
            {
                Run(connection, "INSERT OR REPLACE INTO images (id, record) VALUES (?1, ?2)", image.Id.ToString(), json);
                foreach (var reference in references)
                    Run(
                        connection,
                        "INSERT OR REPLACE INTO image_references (reference, image, manifest) VALUES (?1, ?2, ?3)",
                        Key(reference),
                        image.Id.ToString(),
                        (reference.Digest ?? image.Manifest.Digest).ToString()
                    );
            });
            records[image.Id] = record;
            foreach (var reference in references)
                names[Key(reference)] = image.Id;
            Rebuild();
            WriteIndex();
            snapshots.SyncSoon();
            return images[image.Id];
        }
    }

    /// <summary>
    /// Gives an image another manifest with other blobs of the same layers, in one durable step; its tags follow. Call it
    /// while the lease on the blobs is still open. Returns the image as it is now.
    /// </summary>
    /// <exception cref="EngineException">NotFound: it was removed meanwhile</exception>
    internal Image Repack(Image image, Descriptor manifest, IReadOnlyList<Descriptor> layers)
    {
        lock (gate)
        {
            if (!records.TryGetValue(image.Id, out var old))
                throw EngineException.NotFound($"No such image: {image.Id}");
            var record = old with { Manifest = manifest, Layers = layers };
            string json = JsonSerializer.Serialize(record, ImageJson.Default.ImageRecord);
            database.Write(connection =>
            {
                Run(connection, "UPDATE images SET record = ?2 WHERE id = ?1", image.Id.ToString(), json);
                Run(
                    connection,
                    "UPDATE image_references SET manifest = ?3 WHERE image = ?1 AND manifest = ?2",
                    image.Id.ToString(),
                    old.Manifest.Digest.ToString(),
                    manifest.Digest.ToString()
                );
            });
            records[image.Id] = record;
            Rebuild();
            WriteIndex();
            return images[image.Id];
        }
    }

    public Image? Get(Digest id)
    {
        lock (gate)
            return images.GetValueOrDefault(id);
    }

    /// <summary>The image that a name points at, tag or digest (":latest" if it has neither); null if there is none.</summary>
    public Image? Get(Reference reference)
    {
        lock (gate)
            return names.TryGetValue(Key(reference), out var id) ? images.GetValueOrDefault(id) : null;
    }

    public IReadOnlyList<Image> List()
    {
        lock (gate)
            return [.. images.Values];
    }

    /// <summary>The names of one repository, tags and digests.</summary>
    internal IReadOnlyList<(Reference Name, Digest Image)> NamesOf(string repository)
    {
        lock (gate)
            return
            [
                .. names.Select(n => (Name: Reference.Parse(n.Key), Image: n.Value)).Where(n => n.Name.Repository == repository),
            ];
    }

    /// <summary>Takes names away; the images stay.</summary>
    internal void Untag(IReadOnlyList<string> references)
    {
        lock (gate)
        {
            database.Write(connection =>
            {
                foreach (string reference in references)
                    Run(connection, "DELETE FROM image_references WHERE reference = ?1", reference);
            });
            foreach (string reference in references)
                names.Remove(reference);
            Rebuild();
            WriteIndex();
        }
    }

    /// <summary>Removes an image with its names. Its content is for the collector.</summary>
    internal void Remove(Digest id)
    {
        lock (gate)
        {
            database.Write(connection =>
            {
                Run(connection, "DELETE FROM image_references WHERE image = ?1", id.ToString());
                Run(connection, "DELETE FROM images WHERE id = ?1", id.ToString());
            });
            records.Remove(id);
            foreach (string name in names.Where(n => n.Value == id).Select(n => n.Key).ToList())
                names.Remove(name);
            Rebuild();
            WriteIndex();
        }
    }

    /// <summary>Digests of the manifests and indexes that names were made for.</summary>
    internal IReadOnlyList<Digest> NamedManifests() =>
        database.Read("SELECT DISTINCT manifest FROM image_references", r => Digest.Parse(r.GetString(0)));

    /// <summary>Brings index.json up to date.</summary>
    internal void WriteIndex()
    {
        lock (gate)
        {
            var index = new Skiff.Oci.Images.Index
            {
                SchemaVersion = 2,
                MediaType = MediaTypes.OciIndex,
                Manifests = [.. images.Values.OrderBy(i => i.Id.ToString(), StringComparer.Ordinal).SelectMany(Entries)],
            };
            try
            {
                AtomicFile.Write(
                    Path.Combine(content.Layout.Content, "index.json"),
                    JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Plain.Index),
                    durable: false
                );
            }
            catch (IOException)
            {
                // It only repeats the database, for other tools; the next change or start writes it again.
            }
        }
    }

    /// <summary>One descriptor a tag, or a bare one where there is none.</summary>
    internal static IEnumerable<Descriptor> Entries(Image image) =>
        image.Tags.Count == 0
            ? [image.Manifest]
            : image.Tags.Select(tag =>
                image.Manifest with
                {
                    Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
                    {
                        [ImageNameAnnotation] = tag,
                        [RefNameAnnotation] = Reference.Parse(tag).Tag!,
                    },
                }
            );

    void RequireComplete(Image image)
    {
        foreach (var digest in (Digest[])[image.Id, image.Manifest.Digest])
            if (!content.Contains(digest))
                throw new EngineException(ErrorKind.System, $"image {image.Id} is incomplete: blob {digest} is missing");
        foreach (var chainId in ChainId.Compute(image.Config.RootFs.DiffIds))
            if (!snapshots.Contains(chainId))
                throw new EngineException(ErrorKind.System, $"image {image.Id} is incomplete: layer {chainId} is missing");
    }

    // Readers get whole new values: a list handed out earlier does not change.
    void Rebuild()
    {
        var byImage = names.ToLookup(n => n.Value, n => n.Key);
        images = records.ToDictionary(
            r => r.Key,
            r => new Image
            {
                Id = r.Key,
                Manifest = r.Value.Manifest,
                Layers = r.Value.Layers,
                Config = r.Value.Config,
                Size = r.Value.Size,
                LastTagged = r.Value.LastTagged,
                Tags = [.. byImage[r.Key].Where(n => !n.Contains('@', StringComparison.Ordinal))],
                RepoDigests = [.. byImage[r.Key].Where(n => n.Contains('@', StringComparison.Ordinal))],
            }
        );
    }

    static string Key(Reference reference) =>
        reference.Digest is { } digest ? reference.WithDigest(digest).ToString() : reference.WithDefaultTag().ToString();

    static void Run(SqliteConnection connection, string sql, params ReadOnlySpan<object> parameters)
    {
        using var command = Database.Prepare(connection, sql, parameters);
        command.ExecuteNonQuery();
    }
}
