// Image names: short and full forms, the grammar, Docker's error texts.
using System.Diagnostics;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Oci.Names;

public sealed class ReferenceTests
{
    const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("debian", "docker.io/library/debian", "debian")]
    [InlineData("debian:12", "docker.io/library/debian:12", "debian:12")]
    [InlineData("docker.io/debian", "docker.io/library/debian", "debian")]
    [InlineData("docker.io/library/debian:latest", "docker.io/library/debian:latest", "debian:latest")]
    [InlineData("index.docker.io/user/app", "docker.io/user/app", "user/app")]
    [InlineData("user/app", "docker.io/user/app", "user/app")]
    [InlineData("library/a/b", "docker.io/library/a/b", "library/a/b")]
    [InlineData("localhost/app", "localhost/app", "localhost/app")]
    [InlineData("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1")]
    [InlineData("[::1]:5000/a/b", "[::1]:5000/a/b", "[::1]:5000/a/b")]
    [InlineData("Registry/app", "Registry/app", "Registry/app")]
    [InlineData("quay.example/a__b/c---d.e_f", "quay.example/a__b/c---d.e_f", "quay.example/a__b/c---d.e_f")]
    [InlineData("debian:12@sha256:" + Hex, "docker.io/library/debian:12@sha256:" + Hex, "debian:12@sha256:" + Hex)]
    [InlineData("r.io/x@sha256:" + Hex, "r.io/x@sha256:" + Hex, "r.io/x@sha256:" + Hex)]
    [InlineData("docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c")]
    [InlineData("debian:5000", "docker.io/library/debian:5000", "debian:5000")]
    public void Reads_short_and_full_names(string text, string full, string familiar)
    {
        var reference = Reference.Parse(text);
        Assert.Equal(full, reference.ToString());
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(reference, Reference.Parse(full));
        Assert.Equal(reference, Reference.Parse(familiar));
    }

    [Theory]
    [InlineData("", "invalid reference format")]
    [InlineData(" ", "invalid reference format")]
    [InlineData("Debian", "invalid reference format: repository name (library/Debian) must be lowercase")]
    [InlineData("r.io/A/b:c", "invalid reference format: repository name (A/b) must be lowercase")]
    [InlineData("debian:", "invalid reference format")]
    [InlineData(":latest", "invalid reference format")]
    [InlineData("debian:-x", "invalid reference format")]
    [InlineData("debian:a:b", "invalid reference format")]
    [InlineData("debian@", "invalid reference format")]
    [InlineData("debian@sha256:123", "invalid reference format")]
    [InlineData("debian@sha512:" + Hex + Hex, "unsupported digest algorithm")]
    [InlineData("debian@sha256:" + Hex + "00", "invalid checksum digest length")]
    [InlineData(
        "debian@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
        "invalid checksum digest format"
    )]
    [InlineData("a//b", "invalid reference format")]
    [InlineData("a/b/", "invalid reference format")]
    [InlineData("/a", "invalid reference format")]
    [InlineData("a..b", "invalid reference format")]
    [InlineData("a___b", "invalid reference format")]
    [InlineData("-a", "invalid reference format")]
    [InlineData("a-", "invalid reference format")]
    [InlineData("a_-b", "invalid reference format")]
    [InlineData("-r.io/a", "invalid reference format")]
    [InlineData("r_x.io/a", "invalid reference format")]
    [InlineData("r.io:/a", "invalid reference format")]
    [InlineData("[::1/a", "invalid reference format")]
    [InlineData("r.io:5000", "invalid reference format", true)]
    [InlineData("deb\u0130an", "invalid reference format")]
    [InlineData("https://r.io/a", "invalid reference format")]
    [InlineData(Hex, "invalid repository name (" + Hex + "), cannot specify 64-byte hexadecimal strings")]
    public void Refuses_what_is_no_name(string text, string error, bool accepted = false)
    {
        // "r.io:5000" alone is the repository "r.io" with the tag "5000".
        Assert.Equal(accepted, Reference.TryParse(text, out _, out var message));
        Assert.Equal(accepted ? null : error, message);
    }

    [Fact]
    public void Bounds_the_length_of_repository_and_tag()
    {
        Assert.True(Reference.TryParse("r.io/" + new string('a', 255), out _));
        Assert.False(Reference.TryParse("r.io/" + new string('a', 256), out _, out var error));
        Assert.Equal("invalid reference format: repository name must not be more than 255 characters", error);
        Assert.True(Reference.TryParse("a:" + new string('t', 128), out _));
        Assert.False(Reference.TryParse("a:" + new string('t', 129), out _));
    }

    [Fact]
    public void Adds_the_default_tag_only_where_nothing_is_said()
    {
        Assert.Equal("debian:latest", Reference.Parse("debian").WithDefaultTag().Familiar);
        Assert.Equal("debian:1", Reference.Parse("debian:1").WithDefaultTag().Familiar);
        Assert.Null(Reference.Parse("debian@sha256:" + Hex).WithDefaultTag().Tag);
        Assert.Equal("debian:2", Reference.Parse("debian:1@sha256:" + Hex).WithTag("2").Familiar);
        Assert.Throws<FormatException>(() => Reference.Parse("debian").WithTag("a b"));
    }

    [Fact]
    public void Takes_linear_time_on_hostile_text()
    {
        var clock = Stopwatch.StartNew();
        foreach (var piece in new[] { "a/", "a-", "a__", "a.", ":", "@", "[", "-", "a:" })
            Assert.False(Reference.TryParse(string.Concat(Enumerable.Repeat(piece, 500_000)) + "!", out _));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5));
    }
}
