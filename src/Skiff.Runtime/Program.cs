// skiff-runtime: dispatches to its commands by hand, because every container pays for its start-up.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Spawn;
using Skiff.Runtime.Commands;

namespace Skiff.Runtime;

internal static class Program
{
    static int Main(string[] arguments)
    {
        ReadOnlySpan<string> rest = arguments.AsSpan(Math.Min(1, arguments.Length));
        return arguments is []
            ? Fail("usage: skiff-runtime run [--bundle DIR] ID")
            : arguments[0] switch
            {
                "run" => RunCommand.Run(rest),
                "shim" => ShimCommand.Run(rest),
                _ => Fail($"unknown command {arguments[0]}"),
            };
    }

    /// <summary>
    /// First thing in every command that clones processes for a container: makes sure that /proc/PID/exe of the clones
    /// is nothing that a container could write to.
    /// </summary>
    internal static void Seal() => SafeProgram.Become("skiff-runtime");

    /// <summary>Says so on standard error; the exit code for failures of our own.</summary>
    internal static int Fail(string message)
    {
        using var error = new Fd(2);
        FdIo.TryWrite(error, Encoding.UTF8.GetBytes($"skiff-runtime: {message}\n"), out _);
        error.Release();
        return 125;
    }
}
