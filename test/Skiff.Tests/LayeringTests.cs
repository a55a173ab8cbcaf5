// The house's walls: which project may name which, and which slice of the engine.
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Skiff.Tests;

public sealed partial class LayeringTests
{
    static readonly string Source = Path.Combine(Root(), "src");

    public static TheoryData<string, string> Projects =>
        new()
        {
            { "Skiff.Linux", "" },
            { "Skiff.Oci", "" },
            { "Skiff.Docker", "Skiff.Oci" },
            { "Skiff.Tasks", "Skiff.Linux" },
            { "Skiff.Runtime", "Skiff.Tasks Skiff.Oci Skiff.Linux" },
            { "Skiff.Engine", "Skiff.Tasks Skiff.Oci Skiff.Linux" },
            { "Skiff.Daemon", "Skiff.Engine Skiff.Docker Skiff.Oci" },
            { "Skiff.Cli", "Skiff.Docker Skiff.Oci Skiff.Linux" },
        };

    /// <summary>A slice may use the slices of the groups before its own, and itself.</summary>
    static readonly string[][] Slices =
    [
        ["Storage", "Events", "Dockerfile"],
        ["Images", "Networks", "Volumes", "Bundles"],
        ["Containers"],
        ["Build"],
        ["Host"],
    ];

    [Theory, MemberData(nameof(Projects))]
    public void A_project_references_only_what_lies_below_it(string project, string allowed)
    {
        var references = XDocument
            .Load(Path.Combine(Source, project, project + ".csproj"))
            .Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.Subset(allowed.Split(' ').ToHashSet(), references.ToHashSet());
    }

    [Fact]
    public void Only_the_kernel_room_may_be_unsafe() =>
        Assert.Equal(
            ["Skiff.Linux.csproj"],
            Directory
                .EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories)
                .Where(f => File.ReadAllText(f).Contains("AllowUnsafeBlocks", StringComparison.Ordinal))
                .Select(Path.GetFileName)
        );

    [Fact]
    public void A_slice_of_the_engine_uses_only_slices_before_it()
    {
        var wrong = new List<string>();
        for (int group = 0; group < Slices.Length; group++)
            foreach (string slice in Slices[group])
            {
                string directory = Path.Combine(Source, "Skiff.Engine", slice);
                if (!Directory.Exists(directory))
                    continue;
                var allowed = Slices.Take(group).SelectMany(s => s).Append(slice).ToHashSet();
                foreach (string file in Directory.EnumerateFiles(directory, "*.cs", SearchOption.AllDirectories))
                foreach (Match match in SliceName().Matches(File.ReadAllText(file)))
                    if (Slices.Any(g => g.Contains(match.Groups[1].Value)) && !allowed.Contains(match.Groups[1].Value))
                        wrong.Add($"{slice}/{Path.GetFileName(file)} uses {match.Groups[1].Value}");
            }
        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void Every_file_opens_with_a_sentence_that_says_what_lives_there()
    {
        var silent = Directory
            .EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Where(f => !File.ReadLines(f).First().StartsWith("// ", StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(Source, f));
        Assert.Empty(silent);
    }

    static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../.."));

    [GeneratedRegex(@"Skiff\.Engine\.([A-Z][A-Za-z]+)\b")]
    private static partial Regex SliceName();
}
