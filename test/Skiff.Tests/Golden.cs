// Expected texts in test/golden; SKIFF_ACCEPT=1 rewrites them.
using System.Runtime.CompilerServices;
using Xunit;

namespace Skiff.Tests;

internal static class Golden
{
    static readonly bool accept = Environment.GetEnvironmentVariable("SKIFF_ACCEPT") == "1";

    /// <param name="path">below test/golden: "plans/exec.plan"</param>
    public static string Read(string path) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", path));

    /// <summary>Fails if the text is not the one that was accepted.</summary>
    public static void Compare(string path, string text)
    {
        if (accept)
        {
            string file = Path.Combine(Source(), path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
        else
            Assert.Equal(Read(path), text);
    }

    static string Source([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../golden");
}
