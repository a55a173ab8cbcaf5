// skiffd's flags and its configuration file.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class EngineFlagsTests
{
    static Result Skiffd(params string[] arguments) => Command.Run(Path.Combine(EngineUnderTest.Bin, "skiffd"), arguments);

    static string ConfigFile(string json)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("skiff-config-").FullName, "daemon.json");
        File.WriteAllText(path, json);
        return path;
    }

    [Fact]
    public void A_valid_configuration_is_said_to_be_so()
    {
        string file = ConfigFile("""{"data-root": "/tmp/x", "registry-mirrors": ["http://127.0.0.1:5000"], "debug": true}""");
        Assert.Contains(
            "configuration OK",
            Skiffd("--validate", "--config-file", file).Expect().Output + Skiffd("--validate", "--config-file", file).Errors,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{"no-such-key": 1}""", "no-such-key")]
    [InlineData("""{"data-root": 5}""", "data-root")]
    [InlineData("{", "daemon.json")]
    public void A_wrong_configuration_is_named(string json, string named)
    {
        var result = Skiffd("--validate", "--config-file", ConfigFile(json));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(named, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_flag_is_named()
    {
        var result = Skiffd("--no-such-flag");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("--no-such-flag", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_engine_on_the_same_data_root_is_refused()
    {
        using var engine = new EngineUnderTest();
        var second = Skiffd(
            "--data-root",
            engine.DataRoot,
            "--exec-root",
            engine.RunRoot + "b",
            "-H",
            $"unix://{engine.Root}/b.sock",
            "--bridge",
            engine.Bridge + "b"
        );
        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains(engine.DataRoot, second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pid_file_holds_the_pid_and_the_bridge_the_address()
    {
        string pidfile = Path.Combine(Path.GetTempPath(), $"skiff-test-{Guid.NewGuid():n}.pid");
        using (var engine = new EngineUnderTest("--pidfile", pidfile, "--bip", "198.19.250.1/24"))
        {
            Assert.Equal($"{engine.Pid}", File.ReadAllText(pidfile).Trim());
            Assert.Contains(
                "198.19.250.1/24",
                Command.Run("ip", "-4", "addr", "show", engine.Bridge).Expect().Output,
                StringComparison.Ordinal
            );
            Assert.Equal("root", Command.Run("stat", "-c", "%U", engine.Socket).Expect().Text);
            Assert.Equal("660", Command.Run("stat", "-c", "%a", engine.Socket).Expect().Text);
        }
        Assert.False(File.Exists(pidfile));
    }

    [Fact]
    public void Without_an_engine_the_client_says_how_to_start_one()
    {
        var result = Command.Run(EngineUnderTest.ClientPath("skiff"), "-H", "unix:///run/no-such-engine.sock", "ps");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("skiffd", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_of_an_engine_stays_after_its_cleanup()
    {
        string bridge;
        using (var engine = new EngineUnderTest())
        {
            bridge = engine.Bridge;
            Assert.True(Directory.Exists($"/sys/class/net/{bridge}"));
        }
        Assert.False(Directory.Exists($"/sys/class/net/{bridge}"));
    }
}
