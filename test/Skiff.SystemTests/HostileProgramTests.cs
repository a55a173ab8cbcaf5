// A container that becomes skiff-runtime itself, through /proc/self/exe, cannot write to it. CVE-2019-5736.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class HostileProgramTests : IDisposable
{
    readonly EngineUnderTest engine;
    readonly DirectoryInfo attack = Directory.CreateTempSubdirectory("skiff-attack-");
    readonly string runtime;

    public HostileProgramTests(Port port)
    {
        // An engine with a runtime of its own: nobody else's shim keeps the file busy.
        runtime = Path.Combine(attack.FullName, "skiff-runtime");
        File.Copy(Path.Combine(EngineUnderTest.Bin, "skiff-runtime"), runtime);
        engine = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}", "--runtime-path", runtime);
        // It runs whatever launches it, and that waits for ever, reading its bundle.
        string evil = Path.Combine(attack.FullName, "evil");
        File.WriteAllText(evil, "#!/proc/self/exe run\n");
        File.SetUnixFileMode(evil, (UnixFileMode)0b111_101_101);
        Command.Run("mkfifo", Path.Combine(attack.FullName, "config.json")).Expect();
    }

    [Fact]
    public void The_program_behind_a_containers_entry_point_cannot_be_written()
    {
        byte[] before = File.ReadAllBytes(runtime);
        Start("evil", "/attack/evil");
        Assert.Contains("Read-only file system", Overwrite("evil", "1"), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(runtime));
    }

    [Fact]
    public void The_program_behind_an_exec_cannot_be_written()
    {
        byte[] before = File.ReadAllBytes(runtime);
        Start("victim", "sleep", "1000");
        engine.Skiff("exec", "-d", "-w", "/attack", "victim", "/attack/evil").Expect();
        const string Find = "until pidof skiff-runtime; do :; done"; // it gives itself that name
        string pid = engine.Skiff("exec", "victim", "sh", "-c", Find).Expect().Text;
        Assert.Contains("Read-only file system", Overwrite("victim", pid), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(runtime));
    }

    // The libraries of the host make the program run inside; all capabilities and no filter make it easy.
    void Start(string name, params string[] command) =>
        engine
            .Skiff([
                "run",
                "-d",
                "--name",
                name,
                "--privileged",
                "-v",
                $"{attack.FullName}:/attack",
                "-v",
                "/lib:/lib:ro",
                "-v",
                "/lib64:/lib64:ro",
                "-w",
                "/attack",
                "busybox",
                .. command,
            ])
            .Expect();

    /// <summary>Opens the program of a process, ends the process, and opens the program again for writing. Returns what that said.</summary>
    string Overwrite(string name, string pid) =>
        engine
            .Skiff(
                "exec",
                name,
                "sh",
                "-c",
                $"exec 3</proc/{pid}/exe; kill -9 {pid}; mount -o remount,rw /proc/self/fd/3; : >/proc/self/fd/3"
            )
            .Errors;

    public void Dispose()
    {
        engine.Dispose();
        attack.Delete(recursive: true);
    }
}
