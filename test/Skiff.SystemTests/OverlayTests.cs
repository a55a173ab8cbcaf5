// The way to stack layers on kernels before Linux 6.7, tried on whatever kernel this is.
using Skiff.Linux;
using Skiff.Linux.Mounts;

namespace Skiff.SystemTests;

public sealed class OverlayTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("skiff-overlay:").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Many_layers_with_long_names_fit_into_the_one_option_of_older_kernels()
    {
        const int Layers = 60;
        var options = new List<string>();
        for (int i = 0; i < Layers; i++)
        {
            string layer = Directory.CreateDirectory(Path.Combine(root, $"{i}:" + new string('x', 100))).FullName;
            File.WriteAllText(Path.Combine(layer, $"of-{i}"), "");
            File.WriteAllText(Path.Combine(layer, "same"), $"{i}");
            options.Add($"lowerdir+={layer}");
        }
        options.Add($"upperdir={Directory.CreateDirectory(Path.Combine(root, "upper")).FullName}");
        options.Add($"workdir={Directory.CreateDirectory(Path.Combine(root, "work")).FullName}");

        string here = Environment.CurrentDirectory;
        using Fd overlay = Overlay.FromOneOption(options, default);
        string seen = $"/proc/self/fd/{overlay.Number}";
        Assert.Equal("0", File.ReadAllText(Path.Combine(seen, "same")));
        Assert.Equal(Layers + 1, Directory.GetFiles(seen + "/").Length);
        File.WriteAllText(Path.Combine(seen, "new"), "");
        Assert.True(File.Exists(Path.Combine(root, "upper", "new")));
        Assert.Equal(here, Environment.CurrentDirectory);
    }
}
