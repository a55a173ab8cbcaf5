using Skiff.Engine;
using Skiff.Engine.Bundles;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class UserMountsTests
{
    // Messages as of docker 28.5.
    [Theory]
    [InlineData(
        "/a:b",
        "invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute"
    )]
    [InlineData(
        "/a:/",
        "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'"
    )]
    [InlineData(
        "/a:/x/..",
        "invalid volume specification: '/a:/x/..': invalid mount config for type \"bind\": invalid specification: destination can't be '/'"
    )]
    [InlineData("/a:/b:foo", "invalid mode: foo")]
    [InlineData("/a:/b:ro,rw", "invalid mode: ro,rw")]
    [InlineData("/a:/b:rshared,rslave", "invalid mode: rshared,rslave")]
    [InlineData("/a:/b:z,Z", "invalid mode: z,Z")]
    [InlineData("/a:/b:c:d", "invalid volume specification: '/a:/b:c:d'")]
    [InlineData(":/b", "invalid volume specification: ':/b'")]
    [InlineData("vol:/b:rshared", "invalid mode: rshared")]
    [InlineData(
        "/a:/b:nocopy",
        "invalid volume specification: '/a:/b:nocopy': invalid mount config for type \"bind\": field VolumeOptions must not be specified"
    )]
    public void A_bind_that_makes_no_sense_is_refused_in_dockers_words(string bind, string message) =>
        Refused(new HostSettings { Binds = [bind] }, message);

    [Theory]
    [InlineData("/a:/b", "rbind rprivate")]
    [InlineData("/a:/b:", "rbind rprivate")]
    [InlineData("/a:/b:rw", "rbind rprivate")]
    [InlineData("/a:/b:ro,delegated,Z,rshared", "rbind rro rshared")]
    [InlineData("vol:/b:nocopy,ro", "rbind rro rprivate")]
    public void Modes_become_options(string bind, string options)
    {
        var mount = Assert.Single(Of(new HostSettings { Binds = [bind] }, BundleSamples.Facts));

        Assert.Equal(options, string.Join(' ', mount.Options!));
    }

    [Fact]
    public void A_kernel_that_cannot_make_all_below_read_only_makes_the_mount_itself_so()
    {
        var old = BundleSamples.Facts with { Kernel = new Version(5, 10) };
        var mount = Assert.Single(Of(new HostSettings { Binds = ["/a:/b:ro"] }, old));

        Assert.Equal(["rbind", "ro", "rprivate"], mount.Options!);
    }

    public static TheoryData<string, string, string, string, string> Requests =>
        new()
        {
            {
                "bind",
                "rel",
                "/x",
                "",
                "invalid mount config for type \"bind\": invalid mount path: 'rel' mount path must be absolute"
            },
            { "bind", "", "/x", "", "invalid mount config for type \"bind\": field Source must not be empty" },
            {
                "bind",
                "/tmp",
                "/",
                "",
                "invalid mount config for type \"bind\": invalid specification: destination can't be '/'"
            },
            { "bind", "/tmp", "/x", "foo", "invalid mount config for type \"bind\": invalid propagation mode: foo" },
            {
                "tmpfs",
                "",
                "x",
                "",
                "invalid mount config for type \"tmpfs\": invalid mount path: 'x' mount path must be absolute"
            },
            { "tmpfs", "/y", "/x", "", "invalid mount config for type \"tmpfs\": field Source must not be specified" },
            { "foo", "", "/x", "", "invalid mount config for type \"foo\": mount type unknown" },
        };

    [Theory, MemberData(nameof(Requests))]
    public void A_mount_that_makes_no_sense_is_refused_in_dockers_words(
        string type,
        string source,
        string target,
        string propagation,
        string message
    ) =>
        Refused(
            new HostSettings
            {
                Mounts =
                [
                    new MountRequest
                    {
                        Type = type,
                        Source = source,
                        Target = target,
                        Propagation = propagation,
                    },
                ],
            },
            message
        );

    [Fact]
    public void Two_mounts_for_one_place_are_refused_under_any_spelling()
    {
        var host = new HostSettings
        {
            Binds = ["/a:/b/"],
            Tmpfs = new Dictionary<string, string> { ["/x/../b"] = "" },
        };
        var e = Assert.Throws<EngineException>(() => BundleWriter.Write(BundleSamples.Request(host)));

        Assert.Equal("Duplicate mount point: /b", e.Message);
    }

    [Theory]
    [InlineData("", "noexec nosuid nodev rprivate")]
    [InlineData("exec", "nosuid nodev rprivate exec")]
    [InlineData("size=1m,mode=700,size=2m", "noexec nosuid nodev rprivate mode=700 size=2m")]
    [InlineData("ro,rw,shared", "noexec nosuid nodev rw shared")]
    public void Options_of_a_tmpfs_outdo_the_defaults(string options, string expected) =>
        Assert.Equal(expected, string.Join(' ', TmpfsOptions.Merge(options)));

    [Theory]
    [InlineData("foo")]
    [InlineData("bind")]
    [InlineData("remount")]
    [InlineData("size=abc")]
    [InlineData("mode=999")]
    [InlineData("lowerdir=/etc")]
    public void Options_that_a_tmpfs_may_not_have_are_refused(string option)
    {
        var e = Assert.Throws<EngineException>(() => TmpfsOptions.Merge(option));

        Assert.Equal($"invalid tmpfs option \"{option}\"", e.Message);
    }

    static IEnumerable<Skiff.Oci.Runtime.SpecMount> Of(HostSettings host, HostFacts facts) =>
        UserMounts.Of(BundleSamples.Mounts(host), host.Tmpfs, facts, ids: null);

    static void Refused(HostSettings host, string message)
    {
        var e = Assert.Throws<EngineException>(() => Of(host, BundleSamples.Facts).ToList());
        Assert.Equal((ErrorKind.InvalidParameter, message), (e.Kind, e.Message));
    }
}
