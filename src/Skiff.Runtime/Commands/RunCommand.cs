// skiff-runtime run: a plain bundle in the foreground, with our own stdio.
using System.Runtime.InteropServices;
using Skiff.Linux.Processes;
using Skiff.Runtime.Launch;

namespace Skiff.Runtime.Commands;

/// <summary>run [--bundle DIR] ID. Exit code: the container's, 128 + signal, or 127, 126, 125 as docker run has them.</summary>
internal static class RunCommand
{
    public static int Run(ReadOnlySpan<string> arguments)
    {
        Program.Seal();
        string bundle = ".";
        string? id = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is "--bundle" or "-b" && i + 1 < arguments.Length)
                bundle = arguments[++i];
            else if (arguments[i].StartsWith("--bundle=", StringComparison.Ordinal))
                bundle = arguments[i]["--bundle=".Length..];
            else if (id is null && !arguments[i].StartsWith('-'))
                id = arguments[i];
            else
                return Program.Fail($"run: unexpected argument {arguments[i]}");
        }
        if (id is null)
            return Program.Fail("run: the container's ID is missing");
        try
        {
            return Run(bundle, id);
        }
        catch (LaunchException e)
        {
            Program.Fail(e.Message);
            return e.Kind switch
            {
                Tasks.FailureKind.CommandNotFound => 127,
                Tasks.FailureKind.CommandNotExecutable => 126,
                _ => 125,
            };
        }
    }

    static int Run(string bundle, string id)
    {
        using var container = ContainerLaunch.Open(bundle, id);
        if (container.Spec.Process!.Terminal)
            return Program.Fail("run: process.terminal needs the engine, which keeps the other end of the terminal");
        LaunchedProcess process = container.Start(new ProcessStdio(0, 1, 2, Terminal: false));
        try
        {
            using var interrupt = Forward(PosixSignal.SIGINT, 2, process);
            using var terminate = Forward(PosixSignal.SIGTERM, Signals.SIGTERM, process);
            return Pidfd.Reap(process.Pidfd).ShellCode;
        }
        finally
        {
            container.Remove();
        }
    }

    static PosixSignalRegistration Forward(PosixSignal signal, int number, LaunchedProcess process) =>
        PosixSignalRegistration.Create(
            signal,
            context =>
            {
                context.Cancel = true;
                Pidfd.SendSignal(process.Pidfd, number);
            }
        );
}
