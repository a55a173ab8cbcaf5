// The engine, the registry and the image that most tests share.
namespace Skiff.SystemTests.Harness;

/// <summary>
/// Made once a run: a registry with library/busybox in it, and an engine that has it as its mirror of docker.io.
/// The image is pulled on first use, as a user's first run would.
/// </summary>
public sealed class Port : IDisposable
{
    public const string Image = "busybox";

    public Port()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("these tests need root: sudo make system-test");
        Registry = new LoopbackRegistry();
        Engine = new EngineUnderTest("--registry-mirror", $"http://{Registry.Host}");
        string reference = $"{Registry.Host}/library/busybox:latest";
        Engine.SkiffWithInput(BusyboxImage.Tar, "import", "-c", "CMD [\"sh\"]", "-", reference).Expect();
        Engine.Skiff("push", reference).Expect();
        Engine.Skiff("rmi", reference).Expect();
        Engine.Skiff("pull", Image).Expect();
    }

    public EngineUnderTest Engine { get; }
    public LoopbackRegistry Registry { get; }

    public void Dispose()
    {
        Engine.Dispose();
        Registry.Dispose();
    }
}
