// Credentials and contexts, shared with docker's client.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class LoginTests(Port port) : IDisposable
{
    // "ada" with the password "secret".
    const string Users = "ada:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

    readonly string directory = Directory.CreateTempSubdirectory("skiff-login-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Credentials_are_checked_kept_used_and_forgotten()
    {
        using var registry = new LoopbackRegistry(Users);
        string image = $"{registry.Host}/private";
        Run("skiff", null, "tag", "busybox", image).Expect();
        Assert.Contains(
            "no basic auth credentials",
            Run("skiff", null, "push", image).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "401",
            Run("skiff", "wrong", "login", "-u", "ada", "--password-stdin", registry.Host).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "Login Succeeded",
            Run("skiff", "secret", "login", "-u", "ada", "--password-stdin", registry.Host).Expect().Text
        );
        Run("docker", null, "push", image).Expect(); // the same file
        Run("skiff", null, "pull", image).Expect();
        Run("skiff", null, "logout", registry.Host).Expect();
        Run("skiff", null, "pull", image).Expect(1);
        Run("skiff", null, "rmi", image).Expect();
    }

    [Fact]
    public void A_helper_keeps_what_the_file_does_not()
    {
        using var registry = new LoopbackRegistry(Users);
        string helper = Path.Combine(directory, "docker-credential-test");
        File.WriteAllText(
            helper,
            $"""
            #!/bin/sh
            case $1 in
            get) cat {directory}/kept 2>/dev/null || {"{"} echo 'credentials not found in native keychain'; exit 1; {"}"};;
            store) cat > {directory}/kept;;
            erase) rm -f {directory}/kept;;
            esac
            """
        );
        File.SetUnixFileMode(helper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(directory, "config.json"), """{"credsStore":"test"}""");
        string image = $"{registry.Host}/private";
        Run("skiff", null, "tag", "busybox", image).Expect();
        Run("skiff", "secret", "login", "-u", "ada", "--password-stdin", registry.Host).Expect();
        Assert.DoesNotContain("\"auth\"", File.ReadAllText(Path.Combine(directory, "config.json")), StringComparison.Ordinal);
        Run("skiff", null, "push", image).Expect();
        Run("skiff", null, "logout", registry.Host).Expect();
        Assert.False(File.Exists(Path.Combine(directory, "kept")));
        Run("skiff", null, "rmi", image).Expect();
    }

    [Theory, InlineData("skiff", "docker"), InlineData("docker", "skiff")]
    public void A_context_of_one_client_is_the_others_too(string maker, string user)
    {
        Run(maker, null, "context", "create", "own", "--docker", $"host=unix://{port.Engine.Socket}").Expect();
        Assert.Contains("own", Run(user, null, "context", "ls", "-q").Expect().Text.Split('\n'));
        Run(user, null, "context", "use", "own").Expect();
        Assert.Equal("own", Without(maker, "context", "show").Expect().Text);
        Without(maker, "ps").Expect();
        Without(maker, "context", "rm", "-f", "own").Expect();
        Assert.Equal("default", Without(user, "context", "show").Expect().Text);
    }

    Result Run(string client, string? input, params string[] arguments) =>
        Command.Run(
            EngineUnderTest.ClientPath(client),
            arguments,
            input is null ? null : System.Text.Encoding.UTF8.GetBytes(input),
            Environment($"unix://{port.Engine.Socket}")
        );

    /// <summary>Without DOCKER_HOST.</summary>
    Result Without(string client, params string[] arguments) =>
        Command.Run(EngineUnderTest.ClientPath(client), arguments, null, Environment(""));

    Dictionary<string, string> Environment(string host) =>
        new()
        {
            ["DOCKER_HOST"] = host,
            ["DOCKER_CONFIG"] = directory,
            ["PATH"] = directory + ":" + System.Environment.GetEnvironmentVariable("PATH"),
        };
}
