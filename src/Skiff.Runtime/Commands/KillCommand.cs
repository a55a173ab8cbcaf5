// skiff-runtime kill: a signal to the first process, or to all.
using Skiff.Linux.Processes;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>kill [--all] ID [SIGNAL]; SIGTERM if none is given.</summary>
internal static class KillCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        var arguments = Arguments.Parse("kill", given, [], ["all|a"]);
        if (arguments.Operands.Count is 0 or > 2)
            throw new UsageException("kill: needs a container ID and at most one signal");
        string word = arguments.Operands.Count == 2 ? arguments.Operands[1] : "SIGTERM";
        int signal = Signals.TryParse(word) ?? throw new UsageException($"kill: unknown signal {word}");
        using LiveState state = LiveState.Load(store, arguments.Operands[0]);
        if (arguments.Has("all"))
        {
            state.Container.Kill(signal); // what is left of a stopped container too
            return 0;
        }
        bool alive = state.Status is not (ContainerStatus.Stopped or ContainerStatus.Creating);
        if (!alive || !Pidfd.SendSignal(state.Init, signal))
            throw new LaunchException(FailureKind.WrongState, "container not running");
        return 0;
    }
}
