// Progress of a transfer, told to those who wait.
using Skiff.Engine.Images;
using Skiff.Engine.Images.Transfers;
using Xunit;

namespace Skiff.Tests.Engine.Images.Transfers;

public sealed class LayerProgressTests
{
    [Fact]
    public void Tells_amounts_seldom_but_every_new_state_and_the_end()
    {
        var told = new List<TransferProgress>();
        var progress = new LayerProgress("abc");
        progress.Add(told.Add);
        progress.Report("Waiting");
        for (var i = 0; i <= 100_000; i++)
            progress.Report("Downloading", i, 100_000);
        progress.Report("Pull complete");
        Assert.InRange(told.Count, 4, 100);
        Assert.Equal(new TransferProgress("abc", "Waiting"), told[0]);
        Assert.Equal(new TransferProgress("abc", "Downloading", 0, 100_000), told[1]);
        Assert.Equal(new TransferProgress("abc", "Downloading", 100_000, 100_000), told[^2]);
    }

    [Fact]
    public void Tells_a_late_listener_the_present_state_and_a_leaving_one_nothing_more()
    {
        var progress = new LayerProgress("abc");
        progress.Report("Waiting");
        var told = new List<string>();
        void Listen(TransferProgress step)
        {
            told.Add(step.Status);
            if (step.Status == "Extracting")
                progress.Remove(Listen);
        }
        progress.Add(Listen);
        progress.Report("Extracting");
        progress.Report("Pull complete");
        Assert.Equal(["Waiting", "Extracting"], told);
    }
}
