// skiff-runtime shim --bundle DIR: the process that stays with a container. Started by TaskClient, not by hand.
using System.Text.Json;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.Runtime.Shim;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

internal static class ShimCommand
{
    // As TaskClient.Spawn hands them over.
    const int ListenerNumber = 3;
    const int NetworkNamespaceNumber = 4;

    /// <summary>Runs a shim to its end. Returns the exit code.</summary>
    /// <param name="arguments">what follows "shim"</param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments.Length != 2 || arguments[0] != "--bundle")
            return Program.Fail("usage: skiff-runtime shim --bundle DIR (with a listening socket as descriptor 3)");
        Program.Seal();
        string bundle = Path.GetFullPath(arguments[1]);
        try
        {
            using Fd listener = new(ListenerNumber);
            FdIo.SetCloseOnExec(listener);
            UnixSocket.ListenAgain(listener); // signs the socket with our pid
            using Fd? network = InheritedNetworkNamespace();
            TaskOptions options = TaskReader.ReadOptions(File.ReadAllBytes(Path.Combine(bundle, "task.json")));
            Directory.SetCurrentDirectory("/"); // keep no mount of the engine busy
            using var shim = new Shim.Shim(bundle, options, listener, network);
            shim.Run();
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            ShimLog.Write(exception);
            return 125;
        }
    }

    /// <summary>The number may be something else's if none was handed over, so look at what it is.</summary>
    static Fd? InheritedNetworkNamespace()
    {
        string? target = new FileInfo($"/proc/self/fd/{NetworkNamespaceNumber}").LinkTarget;
        if (target is null || !target.StartsWith("net:[", StringComparison.Ordinal))
            return null;
        var network = new Fd(NetworkNamespaceNumber);
        FdIo.SetCloseOnExec(network);
        return network;
    }
}
