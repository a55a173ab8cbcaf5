// The default seccomp profile at work: system calls and their arguments, from 64-bit and 32-bit programs.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class SeccompFilterTests(Port port)
{
    const int EPERM = 1;
    const uint CLONE_NEWUSER = 0x1000_0000;
    const uint AF_VSOCK = 40;

    readonly EngineUnderTest engine = port.Engine;

    [Theory]
    [InlineData("personality of 32 bits", 0, 135u, 136u, new uint[] { 8 })]
    [InlineData("personality without randomization", EPERM, 135u, 136u, new uint[] { 0x0040000 })]
    [InlineData("unshare of nothing", EPERM, 272u, 310u, new uint[] { 0 })]
    [InlineData("unshare of users", EPERM, 272u, 310u, new uint[] { CLONE_NEWUSER })]
    [InlineData("keyctl", EPERM, 250u, 288u, new uint[] { 0, 0xFFFFFFFD, 0 })]
    [InlineData("bpf", EPERM, 321u, 357u, new uint[] { 0, 0, 0 })]
    [InlineData("io_uring_setup", EPERM, 425u, 425u, new uint[] { 1, 0 })]
    [InlineData("socket to hypervisors", EPERM, 41u, 359u, new uint[] { AF_VSOCK, 1, 0 })]
    [InlineData("socket of unix", 0, 41u, 359u, new uint[] { 1, 1, 0 })]
    [InlineData("getppid", 0, 110u, 64u, new uint[] { })]
    public void Decides_by_call_and_argument(string name, int expected, uint x64, uint i386, uint[] arguments)
    {
        string directory = Directory.CreateDirectory(Path.Combine(engine.Root, "calls", name.Replace(' ', '-'))).FullName;
        TinyProgram.Save(TinyProgram.X64(x64, arguments), Path.Combine(directory, "wide"));
        string narrow = TinyProgram.Save(TinyProgram.I386(i386, arguments), Path.Combine(directory, "narrow"));

        string[] run = ["run", "--rm", "--network=none", "-v", $"{directory}:/calls:ro", "busybox", "sh", "-c"];
        // A kernel without 32-bit programs says so by 126: then only the wide one counts.
        bool both = Command.Run("sh", "-c", $"{narrow}; [ $? -ne 126 ]").ExitCode == 0;
        string script = both ? "/calls/wide; echo $?; /calls/narrow; echo $?" : "/calls/wide; echo $?";
        string codes = engine.Skiff([.. run, script]).Expect().Text;
        Assert.Equal(both ? $"{expected}\n{expected}" : $"{expected}", codes);
    }
}
