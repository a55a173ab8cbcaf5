// The instructions of `import --change`.
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Xunit;

namespace Skiff.Tests.Engine.Images;

public sealed class ImportChangesTests
{
    static ImageRunConfig Apply(params string[] changes) => ImportChanges.Apply(new ImageRunConfig(), changes);

    [Fact]
    public void Knows_commands_in_both_forms()
    {
        Assert.Equal(["a", "b c"], Apply("""CMD ["a", "b c"]""").Cmd!);
        Assert.Equal(["/bin/sh", "-c", "a | b"], Apply("entrypoint a | b").Entrypoint!);
        Assert.Equal(["/bin/sh", "-c", "[a]"], Apply("CMD [a]").Cmd!);
    }

    [Fact]
    public void Knows_variables_and_labels_in_all_forms()
    {
        Assert.Equal(["A=1", "B=x y", "C=a b", "D=\"q\""], Apply("ENV A=1 B=\"x y\"", "ENV C a b", "ENV D=\\\"q\\\"").Env!);
        Assert.Equal(["A=2", "B=1"], Apply("ENV A=1 B=1", "ENV A=2").Env!);
        Assert.Equal("v w", Apply("LABEL k='v w' l=").Labels!["k"]);
    }

    [Fact]
    public void Knows_the_rest()
    {
        var config = Apply(
            "EXPOSE 80 8000-8002/udp",
            "VOLUME /a /b",
            "VOLUME [\"/c d\"]",
            "USER me",
            "WORKDIR /a",
            "WORKDIR b/../c",
            "STOPSIGNAL SIGINT",
            "ONBUILD RUN x"
        );
        Assert.Equal(["80/tcp", "8000/udp", "8001/udp", "8002/udp"], config.ExposedPorts!.Keys);
        Assert.Equal(["/a", "/b", "/c d"], config.Volumes!.Keys);
        Assert.Equal(("me", "/a/c", "SIGINT"), (config.User, config.WorkingDir, config.StopSignal));
        Assert.Equal(["RUN x"], config.OnBuild!);
    }

    [Fact]
    public void An_entrypoint_drops_the_command_that_was_made_for_another()
    {
        var config = new ImageRunConfig { Cmd = ["old"] };
        Assert.Null(ImportChanges.Apply(config, ["ENTRYPOINT x"]).Cmd);
        Assert.Equal(["/bin/sh", "-c", "new"], ImportChanges.Apply(config, ["CMD new", "ENTRYPOINT x"]).Cmd!);
    }

    [Fact]
    public void Variables_are_those_of_the_image_so_far() =>
        Assert.Equal("/a/b", Apply("ENV A=a", "WORKDIR /$A", "WORKDIR ${B:-b}").WorkingDir);

    [Fact]
    public void A_health_check_is_a_change() =>
        Assert.Equal(["CMD-SHELL", "true"], Apply("HEALTHCHECK --retries=3 CMD true").Healthcheck!.Test!);

    [Theory]
    [InlineData("RUN x", "RUN is not a valid change command")]
    [InlineData("EXPOSE", "EXPOSE requires at least one argument")]
    [InlineData("ENV A", "ENV must have two arguments")]
    [InlineData("ENV A=1 B", "Must be of the form: name=value")]
    [InlineData("EXPOSE http", "invalid containerPort: http")]
    [InlineData("EXPOSE 80/icmp", "invalid proto: icmp")]
    [InlineData("EXPOSE 90-80", "invalid containerPort: 90-80")]
    [InlineData("HEALTHCHECK x", "Unknown type \"X\" in HEALTHCHECK")]
    [InlineData("ENV A=${B", "looking for matching }")]
    [InlineData("CMDX", "unknown instruction: CMDX")]
    public void Refuses_what_is_no_change(string change, string reason)
    {
        var e = Assert.ThrowsAny<EngineException>(() => Apply(change));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }
}
