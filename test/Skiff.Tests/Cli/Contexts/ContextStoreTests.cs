// Docker's contexts: the store, the archive, the order in which an engine is chosen.
using Skiff.Cli;
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;

namespace Skiff.Tests.Cli.Contexts;

public sealed class ContextStoreTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-contexts-").FullName;
    readonly ContextStore store;

    public ContextStoreTests() => store = new ContextStore(directory);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void What_is_kept_is_where_docker_looks_for_it()
    {
        store.Save(new DockerContext("aa", "x", "unix:///y", false));
        // The SHA-256 of "aa".
        string file = Path.Combine(
            directory,
            "contexts/meta/961b6dd3ede3cb8ecbaacbd68de040cd78eb2ed5889130cceb4c49268ea4d506/meta.json"
        );
        Assert.Equal(
            """{"Name":"aa","Metadata":{"Description":"x"},"Endpoints":{"docker":{"Host":"unix:///y","SkipTLSVerify":false}}}""",
            File.ReadAllText(file)
        );
        Assert.Equal([new DockerContext("aa", "x", "unix:///y", false)], store.List());
        store.Remove("aa");
        Assert.Empty(store.List());
        Assert.Contains("context not found", Assert.Throws<CliException>(() => store.Get("aa")).Message);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("../x")]
    [InlineData("default")]
    [InlineData("-x")]
    public void Not_every_word_is_a_name(string name) => Assert.Throws<CliException>(() => ContextStore.CheckName(name));

    [Fact]
    public void An_exported_context_is_imported_under_another_name()
    {
        using var archive = new MemoryStream();
        ContextArchive.Write(new DockerContext("aa", "x", "tcp://h:1", true), archive);
        archive.Position = 0;
        Assert.Equal(new DockerContext("bb", "x", "tcp://h:1", true), ContextArchive.Read(archive, "bb"));
        Assert.Throws<CliException>(() => ContextArchive.Read(new MemoryStream(), "bb"));
    }

    [Fact]
    public void A_named_context_wins_over_the_one_in_use()
    {
        store.Save(new DockerContext("aa", "", "unix:///a", false));
        store.Save(new DockerContext("bb", "", "unix:///b", false));
        new CliConfig(directory).SetCurrentContext("aa");
        Assert.Equal("unix:///b", Choice("-c", "bb").Host);
        Assert.Equal(("default", "unix:///h"), (Choice("-H", "unix:///h").Name, Choice("-H", "unix:///h").Host));
        Assert.Throws<CliException>(() => Choice("-c", "bb", "-H", "unix:///h"));
        Assert.Contains("context not found", Assert.Throws<CliException>(() => Choice("-c", "nope").Host).Message);
        if (ContextChoice.HostVariable is null)
            Assert.Equal("unix:///a", Choice().Host);
    }

    [Fact]
    public void Other_members_of_the_settings_survive()
    {
        File.WriteAllText(Path.Combine(directory, "config.json"), """{"psFormat":"x","auths":{"r":{"auth":"YTpi"}}}""");
        var config = new CliConfig(directory);
        config.SetCurrentContext("aa");
        Assert.Equal(("aa", "x", "a"), (config.CurrentContext, config.PsFormat, config.AuthFor("r").Username));
        config.SetCurrentContext(null);
        Assert.DoesNotContain(
            "currentContext",
            File.ReadAllText(Path.Combine(directory, "config.json")),
            StringComparison.Ordinal
        );
    }

    ContextChoice Choice(params string[] words)
    {
        var global = new GlobalOptions();
        global.Flags.Parse(words);
        return new ContextChoice(global, new CliConfig(directory));
    }
}
