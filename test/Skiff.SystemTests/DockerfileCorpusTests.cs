// Every Dockerfile of the corpus makes the image that docker's builder made of it.
using System.Runtime.CompilerServices;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class DockerfileCorpusTests
{
    [Fact]
    public void Same_configuration_same_files_same_errors()
    {
        // With the corpus' own base image.
        using var own = new EngineUnderTest();
        string script = Path.Combine(Directory(), "Dockerfiles", "expect");
        Command
            .Run("python3", [script, "--check", "--cli", EngineUnderTest.ClientPath("skiff")], input: null, own.Environment())
            .Expect();
    }

    static string Directory([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
