using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Oci.Images;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class ImageDefaultsTests
{
    static readonly ImageRunConfig Image = new()
    {
        Entrypoint = ["/entry"],
        Cmd = ["default"],
        Env = ["A=1", "B=2"],
        User = "daemon",
        WorkingDir = "/srv",
        Labels = new Dictionary<string, string> { ["a"] = "image", ["b"] = "image" },
    };

    [Fact]
    public void Takes_everything_from_the_image_when_the_user_said_nothing()
    {
        var merged = ImageDefaults.Merge(new ContainerConfig(), Image);
        Assert.Equal(["/entry"], merged.Entrypoint!);
        Assert.Equal(["default"], merged.Cmd!);
        Assert.Equal(("daemon", "/srv"), (merged.User, merged.WorkingDir));
    }

    [Fact]
    public void Variables_of_the_user_come_first_and_hide_the_images()
    {
        var merged = ImageDefaults.Merge(new ContainerConfig { Env = ["Z=9", "A=x", "B"] }, Image);
        Assert.Equal(["Z=9", "A=x"], merged.Env);
    }

    [Fact]
    public void A_command_of_the_user_keeps_the_entrypoint()
    {
        var merged = ImageDefaults.Merge(new ContainerConfig { Cmd = ["mine"] }, Image);
        Assert.Equal(["/entry"], merged.Entrypoint!);
        Assert.Equal(["mine"], merged.Cmd!);
    }

    [Fact]
    public void An_entrypoint_of_the_user_drops_the_command_of_the_image()
    {
        var merged = ImageDefaults.Merge(new ContainerConfig { Entrypoint = ["/mine"] }, Image);
        Assert.Equal(["/mine"], merged.Entrypoint!);
        Assert.Null(merged.Cmd);
    }

    [Fact]
    public void An_empty_entrypoint_clears_it()
    {
        var merged = ImageDefaults.Merge(new ContainerConfig { Entrypoint = [""], Cmd = ["sh"] }, Image);
        Assert.Empty(merged.Entrypoint!);
        Assert.Equal(["sh"], merged.Cmd!);
    }

    [Fact]
    public void Nothing_to_run_is_an_error() =>
        Assert.Equal(
            "no command specified",
            Assert.Throws<EngineException>(() => ImageDefaults.Merge(new ContainerConfig(), null)).Message
        );

    [Fact]
    public void Variables_are_replaced_in_place_added_at_the_end_and_removed_by_name() =>
        Assert.Equal(["A=x", "C=3"], ImageDefaults.MergeEnvironment(["A=1", "B=2"], ["A=x", "B", "C=3"]));

    [Fact]
    public void Labels_merge_and_the_user_wins()
    {
        var merged = ImageDefaults.Merge(
            new ContainerConfig { Labels = new Dictionary<string, string> { ["b"] = "user" } },
            Image
        );
        Assert.Equal(("image", "user"), (merged.Labels["a"], merged.Labels["b"]));
    }
}
