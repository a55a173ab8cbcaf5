// The parsers of what strangers send, each with seeds, words and the one exception that it may throw.
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Fuzz;

/// <param name="Run">throws for a finding; what the parser may throw for bad input is swallowed inside</param>
/// <param name="Repair">makes a mutated input reach deeper, for instance by setting checksums right; or null</param>
sealed record Target(
    string Name,
    IReadOnlyList<byte[]> Seeds,
    IReadOnlyList<byte[]> Words,
    Action<byte[]> Run,
    Action<byte[]>? Repair = null
)
{
    const string Manifest = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":
        "application/vnd.oci.image.config.v1+json","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "size":7},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":
        "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","size":9}],"annotations":{"a":"b"}}
        """;

    const string Index = """
        {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":
        "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc","size":5,"platform":{"architecture":"arm",
        "os":"linux","variant":"v7","os.features":["x"]}}],"subject":null,"artifactType":"a/b"}
        """;

    const string Config = """
        {"created":"2024-01-02T03:04:05.6Z","architecture":"amd64","os":"linux","config":{"Env":["A=b"],"Cmd":["x"],
        "ExposedPorts":{"80/tcp":{}},"Volumes":{"/v":{}},"Labels":{"a":"b"},"Healthcheck":{"Test":["CMD","a"],"Interval":1}},
        "rootfs":{"type":"layers","diff_ids":["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]},
        "history":[{"created_by":"x","empty_layer":true}]}
        """;

    const string ChallengeSeed = "Bearer realm=\"https://a/t?b=c,d\",service=\"r \\\"x\\\"\", scope=\"repository:a/b:pull,push\"";

    static readonly IReadOnlyList<byte[]> TarWords =
    [
        .. Texts(
            "../",
            "/",
            "..",
            ".wh.",
            ".wh..wh..opq",
            ".wh..wh.plnk",
            "30 mtime=1.5\n",
            "21 path=../../etc/x\n",
            "25 GNU.sparse.major=1\n",
            "25 GNU.sparse.minor=0\n",
            "28 GNU.sparse.realsize=99\n",
            "20 SCHILY.xattr.u=v\n",
            "12 size=-1\n",
            "13 uid=4e9\n",
            "ustar\0" + "00",
            "ustar  \0"
        ),
        [0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        new byte[512],
    ];

    static readonly IReadOnlyList<byte[]> ManifestWords = Texts(
        "null",
        "true",
        "-1",
        "9223372036854775808",
        "1e999",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "\\u0000",
        "\\ud800",
        "\"layers\":",
        "\"manifests\":[]",
        "\"config\":null",
        "\"schemaVersion\":1",
        "\"digest\":\"sha512:00\"",
        "\"rootfs\":{}",
        "\"size\":-5"
    );

    static readonly IReadOnlyList<byte[]> NameWords = Texts(
        "/",
        ":",
        "@",
        "sha256:",
        "..",
        "__",
        "-",
        "localhost",
        "docker.io/",
        "[",
        "]",
        "%2f",
        "A",
        "\u00e4",
        "\0",
        "+",
        "linux",
        "*"
    );

    static readonly IReadOnlyList<byte[]> ChallengeWords = Texts(
        "Bearer ",
        "realm=",
        "\"",
        "\\",
        ",",
        "=",
        "==",
        " ",
        "\t",
        "\u00e4"
    );

    static byte[][] Texts(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    static IEnumerable<byte[]> Archives()
    {
        var assembly = typeof(Target).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".tar.gz", StringComparison.Ordinal)))
        {
            using var gzip = new GZipStream(assembly.GetManifestResourceStream(name)!, CompressionMode.Decompress);
            using var copy = new MemoryStream();
            gzip.CopyTo(copy);
            // Most of an archive is padding: the fuzzer's time is worth more at the front.
            yield return copy.Length > 32 << 10 ? copy.ToArray()[..(32 << 10)] : copy.ToArray();
        }
    }

    static byte[] Gzip(byte[] bytes)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return result.ToArray();
    }

    // A header with a wrong checksum ends the reading: most mutations would never be seen.
    static void RepairTar(byte[] bytes)
    {
        for (int at = 0; at + TarFormat.Block <= bytes.Length; at += TarFormat.Block)
        {
            var header = bytes.AsSpan(at, TarFormat.Block);
            if (!TarFormat.IsUstar(header) && !TarFormat.IsGnu(header))
                continue;
            header[TarFormat.Checksum].Fill((byte)' ');
            string sum = Convert.ToString(TarFormat.Sum(header), 8).PadLeft(6, '0') + "\0 ";
            Encoding.ASCII.GetBytes(sum).CopyTo(header[TarFormat.Checksum]);
        }
    }

    static void ReadTar(byte[] bytes)
    {
        try
        {
            var reader = new TarReader(new MemoryStream(bytes));
            while (reader.Next() is { } entry)
            {
                long read = 0;
                while (reader.ReadChunk() is { IsEmpty: false } chunk)
                    read += chunk.Length;
                Require(read <= bytes.Length, "more contents than the archive has bytes");
                Require(entry.Size >= 0 && entry.Name.Length <= TarReader.MaxName, "size or name out of bounds");
                long end = 0;
                foreach (var extent in entry.Sparse ?? [])
                {
                    Require(extent.Offset >= end && extent.Length >= 0, "sparse extents overlap");
                    end = extent.Offset + extent.Length;
                    Require(end <= entry.Size, "a sparse extent ends after its file");
                }
            }
        }
        catch (InvalidDataException) { }
    }

    static readonly string Place = Directory.CreateTempSubdirectory("skiff-fuzz-").FullName;

    static void ApplyTar(byte[] bytes)
    {
        string root = Path.Combine(Place, "root");
        Directory.CreateDirectory(root);
        try
        {
            using var fd = SafePath.OpenRoot(root);
            using var applier = new LayerApplier(fd);
            applier.Apply(new TarReader(new MemoryStream(bytes)), CancellationToken.None);
        }
        catch (InvalidDataException) { }
        // What the file system refuses (a time, a size, a name of it) is told to the user with the entry's name.
        catch (ErrnoException e) when (e.Errno is not (Errno.EBADF or Errno.EFAULT or Errno.EMFILE)) { }
        finally
        {
            TreeRemoval.Remove(root);
        }
        Require(!Directory.EnumerateFileSystemEntries(Place).Any(), "something was written outside of the root");
    }

    static void Decompress(byte[] bytes)
    {
        try
        {
            using var plain = Compression.OpenDecompressor(new MemoryStream(bytes), out _);
            var buffer = new byte[64 << 10];
            for (long all = 0; plain.Read(buffer) is var count and > 0; all += count)
                if (all > 64 << 20)
                    return;
        }
        catch (InvalidDataException) { }
    }

    static void ReadManifest(byte[] bytes)
    {
        try
        {
            var document = ManifestDocument.Read(bytes, null);
            Require(document.Manifest is null != document.Index is null, "a document is one of the two");
            foreach (var layer in document.Manifest?.Layers ?? [])
                Require(layer.Digest.Hex.Length == 64 && layer.Size >= 0, "a layer without digest or size");
            document.Index?.Choose(new Platform { OS = "linux", Architecture = "arm64" });
        }
        catch (FormatException) { }
    }

    static void ReadConfig(byte[] bytes)
    {
        try
        {
            JsonSerializer.Deserialize(bytes, OciJson.Default.ImageConfig);
        }
        catch (JsonException) { }
    }

    static void ReadReference(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        if (!Reference.TryParse(text, out var reference))
            return;
        Require(Reference.TryParse(reference.ToString(), out var again), $"\"{reference}\" cannot be read back");
        Require(again!.ToString() == reference.ToString(), $"\"{reference}\" is read back as \"{again}\"");
        Require(Reference.TryParse(reference.Familiar, out var short_), $"\"{reference.Familiar}\" cannot be read back");
        Require(short_!.ToString() == reference.ToString(), $"\"{reference.Familiar}\" means \"{short_}\", not \"{reference}\"");
        Require(!reference.Path.Split('/').Any(p => p is "" or "." or ".."), "a path that leads elsewhere");
    }

    static readonly Platform Host = new() { OS = "linux", Architecture = "amd64" };

    static void ReadPlatform(byte[] bytes)
    {
        if (PlatformParser.TryParse(Encoding.UTF8.GetString(bytes), Host, out var platform, out _))
            platform.Normalize().Suits(platform);
    }

    static void ReadChallenge(byte[] bytes)
    {
        foreach (var challenge in Challenge.Parse(Encoding.UTF8.GetString(bytes)))
            Require(challenge.Scheme.Length > 0 && challenge["realm"]?.Length is null or >= 0, "a challenge without a scheme");
    }

    static void ReadError(byte[] bytes)
    {
        foreach (var error in RegistryError.Parse(bytes))
            Require(!error.ToString().Any(char.IsControl), "control characters on their way to a terminal");
    }

    static void Require(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException(what);
    }

    // Last: its seeds and words are made above.
    public static IReadOnlyList<Target> All { get; } =
    [
        new("tar", [.. Archives()], TarWords, ReadTar, RepairTar),
        new("apply", [.. Archives()], TarWords, ApplyTar, RepairTar),
        new("decompress", [.. Archives().Select(Gzip), .. Archives()], Texts("\u001f", "(\u00b5/\u00fd", "BZh"), Decompress),
        new("manifest", Texts(Manifest, Index), ManifestWords, ReadManifest),
        new("config", Texts(Config), ManifestWords, ReadConfig),
        new(
            "reference",
            Texts("a", "h:5000/a/b:t", "[::1]:5000/a", $"x.y/a@sha256:{new string('a', 64)}"),
            NameWords,
            ReadReference
        ),
        new("platform", Texts("linux/amd64", "linux/arm/v7", "arm64"), NameWords, ReadPlatform),
        new("challenge", Texts(ChallengeSeed, "Basic realm=x", "Negotiate abc=="), ChallengeWords, ReadChallenge),
        new("registry-error", Texts("""{"errors":[{"code":"DENIED","message":"m","detail":{}}]}"""), ManifestWords, ReadError),
    ];
}
