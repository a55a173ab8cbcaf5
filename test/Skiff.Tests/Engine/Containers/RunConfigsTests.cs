using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class RunConfigsTests
{
    static readonly ContainerConfig Container = new()
    {
        Entrypoint = ["/entry"],
        Cmd = ["default"],
        Env = ["A=1", "B=2"],
        User = "daemon",
        Labels = new Dictionary<string, string> { ["a"] = "container" },
        Shell = ["/bin/ash", "-c"],
    };

    [Fact]
    public void Without_a_word_of_the_client_the_image_runs_what_the_container_ran()
    {
        var config = RunConfigs.Of(Container, null, ["ENV A=9"]);
        Assert.Equal(["/entry"], config.Entrypoint!);
        Assert.Equal(["A=9", "B=2"], config.Env!);
        Assert.Equal(["/bin/ash", "-c"], config.Shell!);
    }

    [Fact]
    public void What_the_client_says_counts_and_the_container_says_the_rest()
    {
        var client = new ContainerConfig
        {
            Cmd = ["mine"],
            Env = ["A=x"],
            Labels = new Dictionary<string, string> { ["b"] = "client" },
            WorkingDir = "/srv",
        };
        var config = RunConfigs.Of(Container, client, ["LABEL c=change", "USER 7"]);
        Assert.Equal(["/entry"], config.Entrypoint!);
        Assert.Equal(["mine"], config.Cmd!);
        Assert.Equal(["A=x", "B=2"], config.Env!);
        Assert.Equal(("7", "/srv"), (config.User, config.WorkingDir));
        Assert.Equal(["a=container", "b=client", "c=change"], config.Labels!.Select(l => $"{l.Key}={l.Value}").Order());
        Assert.Null(config.Shell);
    }

    [Fact]
    public void An_entrypoint_of_the_client_drops_the_command_of_the_container() =>
        Assert.Null(RunConfigs.Of(Container, new ContainerConfig { Entrypoint = ["/other"] }, []).Cmd);
}
