// A container of the command line that becomes skiff-runtime itself cannot write to it either. CVE-2019-5736, docs/adr/0010.
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RuntimeProgramTests : IDisposable
{
    // It runs whatever launches it, and that waits for ever, reading its bundle.
    readonly OciBundle bundle = new("/evil");
    readonly string runtime;

    public RuntimeProgramTests()
    {
        runtime = bundle.Scratch("skiff-runtime"); // nobody else keeps the file busy
        File.Copy(OciBundle.Program, runtime);
        string evil = Path.Combine(bundle.Bundle, "rootfs/evil");
        File.WriteAllText(evil, "#!/proc/self/exe run\n");
        File.SetUnixFileMode(evil, (UnixFileMode)0b111_101_101);
        Command.Run("mkfifo", Path.Combine(bundle.Bundle, "rootfs/config.json")).Expect();
        foreach (KeyValuePair<string, JsonNode?> set in bundle.Process["capabilities"]!.AsObject())
            set.Value!.AsArray().Add("CAP_SYS_PTRACE");
        bundle.Save();
    }

    [Fact]
    public void The_program_behind_run_and_exec_cannot_be_written()
    {
        byte[] before = File.ReadAllBytes(runtime);
        Launch("run", "--detach", "--bundle", bundle.Bundle, bundle.Id);
        Assert.Contains("Read-only file system", Overwrite("1"), StringComparison.Ordinal);
        Launch("exec", "--detach", bundle.Id, "/evil");
        const string Find = "until pidof skiff-runtime | grep -o '[2-9][0-9]*'; do :; done"; // it gives itself that name
        string pid = bundle.Runtime("exec", bundle.Id, "sh", "-c", Find).Expect().Text.Split('\n')[0];
        Assert.Contains("Read-only file system", Overwrite(pid), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(runtime));
    }

    /// <summary>By the copy; nobody waits for the end of the container's output.</summary>
    void Launch(params string[] arguments) =>
        Command
            .Run("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", runtime, "--root", bundle.Root, .. arguments])
            .Expect();

    /// <summary>Opens the program of a process, ends the process, and opens the program again for writing.</summary>
    string Overwrite(string pid) =>
        bundle.Runtime("exec", bundle.Id, "sh", "-c", $"exec 3</proc/{pid}/exe && kill -9 {pid}; : >/proc/self/fd/3").Errors;

    public void Dispose() => bundle.Dispose();
}
