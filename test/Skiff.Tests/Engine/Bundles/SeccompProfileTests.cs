using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Oci.Runtime;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class SeccompProfileTests
{
    static readonly Version Kernel = new(6, 18);

    [Theory]
    [InlineData("seccomp-default", "amd64", "")]
    [InlineData("seccomp-arm64", "arm64", "")]
    [InlineData("seccomp-all", "amd64", "ALL")]
    public void The_default_profile(string golden, string architecture, string capabilities)
    {
        var set = (capabilities == "ALL" ? BundleSamples.Facts.Capabilities : []).ToHashSet();
        Golden.Compare($"bundles/{golden}.json", BundleSamples.Json(SeccompProfile.For(set, architecture)));
    }

    [Fact]
    public void Rules_hold_for_capabilities_architectures_and_kernels()
    {
        var profile = Parse(
            """
            {"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,
             "archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]},{"architecture":"SCMP_ARCH_AARCH64","subArchitectures":null}],
             "syscalls":[
              {"names":["always"],"action":"SCMP_ACT_ALLOW","args":null,"comment":"","includes":{},"excludes":{}},
              {"name":"old","action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":18446744073709551615,"valueTwo":7,"op":"SCMP_CMP_MASKED_EQ"}]},
              {"names":["both"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_CHOWN","CAP_KILL"]}},
              {"names":["one"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_CHOWN","CAP_BPF"]}},
              {"names":["not"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_CHOWN","CAP_BPF"]}},
              {"names":["here"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["amd64","x32"]}},
              {"names":["elsewhere"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["s390x"]}},
              {"names":["new"],"action":"SCMP_ACT_TRAP","includes":{"minKernel":"4.8"}},
              {"names":["newer"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"7.0"}},
              {"names":["gone"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"4.8"}}]}
            """
        );

        Assert.Equal(38u, profile.DefaultErrnoRet);
        Assert.Equal(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], profile.Architectures!);
        Assert.Equal(["always", "old", "both", "here", "new"], profile.Syscalls!.SelectMany(s => s.Names));
        var argument = Assert.Single(profile.Syscalls![1].Args!);
        Assert.Equal((1u, ulong.MaxValue, 7ul), (argument.Index, argument.Value, argument.ValueTwo));
    }

    [Theory]
    [InlineData("")]
    [InlineData("builtout")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"defaultAction":"nonsense"}""")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"]}]}""")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"name":"b","action":"SCMP_ACT_LOG"}]}""")]
    [InlineData(
        """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}]}"""
    )]
    [InlineData(
        """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","args":[{"index":0,"op":"EQ"}]}]}"""
    )]
    [InlineData(
        """{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86"}]}"""
    )]
    public void A_malformed_profile_is_refused(string json)
    {
        var e = Assert.Throws<EngineException>(() => Parse(json));

        Assert.Equal(ErrorKind.InvalidParameter, e.Kind);
        Assert.StartsWith("decoding seccomp profile failed: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Notification_is_refused_by_name() =>
        Assert.Equal(
            ErrorKind.NotImplemented,
            Assert.Throws<EngineException>(() => Parse("""{"defaultAction":"SCMP_ACT_NOTIFY"}""")).Kind
        );

    static LinuxSeccomp Parse(string json) =>
        SeccompProfile.Parse(json, new HashSet<string> { "CAP_CHOWN", "CAP_KILL" }, "amd64", Kernel);
}
