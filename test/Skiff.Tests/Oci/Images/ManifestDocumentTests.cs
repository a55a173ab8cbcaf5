// Telling manifests from indexes, and refusing what is neither or both.
using System.Text;
using Skiff.Oci.Images;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Oci.Images;

public sealed class ManifestDocumentTests
{
    const string Hash = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const string Blob = $$"""{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Hash}}","size":2}""";
    const string Body = $$"""{"schemaVersion":2,"config":{{Blob}},"layers":[{{Blob}}]}""";
    const string List = $$"""{"schemaVersion":2,"manifests":[{{Blob}}]}""";

    static ManifestDocument Read(string json, string? type = null) => ManifestDocument.Read(Encoding.UTF8.GetBytes(json), type);

    [Theory]
    [InlineData(MediaTypes.OciManifest, MediaTypes.OciManifest)]
    [InlineData(MediaTypes.DockerManifest, MediaTypes.DockerManifest)]
    [InlineData("text/plain", MediaTypes.OciManifest)]
    [InlineData(null, MediaTypes.OciManifest)]
    public void Reads_a_manifest_under_any_name(string? type, string expected)
    {
        var document = Read(Body, type);
        Assert.Equal(expected, document.MediaType);
        Assert.Null(document.Index);
        Assert.Equal(Hash, Assert.Single(document.Manifest!.Layers).Digest.ToString());
    }

    [Fact]
    public void Reads_an_index()
    {
        Assert.Equal(MediaTypes.OciIndex, Read(List).MediaType);
        Assert.NotNull(Read(List, MediaTypes.DockerManifestList).Index);
    }

    [Theory]
    [InlineData("{}", null, "unsupported manifest schema version 0")]
    [InlineData("[]", null, "malformed manifest")]
    [InlineData("", null, "malformed manifest")]
    [InlineData("{\"schemaVersion\":1,\"fsLayers\":[]}", null, "manifest schema 1 is not supported")]
    [InlineData(Body, MediaTypes.DockerSchema1Signed, "manifest schema 1 is not supported")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", null, "manifest is ambiguous")]
    [InlineData(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}",
        MediaTypes.OciManifest,
        "manifest calls itself"
    )]
    [InlineData("{\"schemaVersion\":2,\"mediaType\":\"text/html\"}", null, "unsupported manifest type \"text/html\"")]
    [InlineData("{\"schemaVersion\":2,\"config\":null,\"layers\":[]}", null, "malformed manifest")]
    [InlineData("{\"schemaVersion\":2,\"config\":{},\"layers\":[]}", null, "malformed manifest")]
    [InlineData("{\"schemaVersion\":2,\"layers\":[{}]}", null, "malformed manifest")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[null]}", null, "malformed index")]
    public void Refuses_what_is_no_image(string json, string? type, string error) =>
        Assert.StartsWith(error, Assert.Throws<FormatException>(() => Read(json, type)).Message, StringComparison.Ordinal);

    [Fact]
    public void Refuses_unreasonable_numbers()
    {
        Assert.Throws<FormatException>(() => Read(Body.Replace("\"size\":2", "\"size\":-2", StringComparison.Ordinal)));
        var layers = string.Join(',', Enumerable.Repeat(Blob, 501));
        Assert.Throws<FormatException>(() => Read($$"""{"schemaVersion":2,"config":{{Blob}},"layers":[{{layers}}]}"""));
        Assert.Throws<FormatException>(() => Read("{\"schemaVersion\":2,\"x\":" + new string('[', 100_000)));
    }

    [Fact]
    public void Chooses_the_manifest_that_suits_best()
    {
        static Descriptor For(string? architecture, string? variant, char mark) =>
            new()
            {
                MediaType = MediaTypes.OciManifest,
                Digest = Digest.Parse("sha256:" + new string(mark, 64)),
                Size = 1,
                Platform = architecture is null
                    ? null
                    : new()
                    {
                        OS = "linux",
                        Architecture = architecture,
                        Variant = variant,
                    },
            };
        var index = new Skiff.Oci.Images.Index
        {
            SchemaVersion = 2,
            Manifests =
            [
                For("unknown", null, '0'),
                For(null, null, '1'),
                For("386", null, '2'),
                For("arm", "v6", '3'),
                For("amd64", null, '4'),
            ],
        };
        string? Choose(string architecture, string? variant = null) =>
            index
                .Choose(
                    new()
                    {
                        OS = "linux",
                        Architecture = architecture,
                        Variant = variant,
                    }
                )
                ?.Digest.Hex[..1];
        Assert.Equal("4", Choose("amd64"));
        Assert.Equal("3", Choose("arm", "v7"));
        Assert.Equal("1", Choose("s390x"));
        Assert.Null((index with { Manifests = [index.Manifests[4]] }).Choose(new() { OS = "linux", Architecture = "arm64" }));
    }
}
