// skiff-runtime pause and resume: all processes of a container stand still, and go on.
using Skiff.Linux.Files;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>pause ID; resume ID.</summary>
internal static class PauseCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store, bool resume)
    {
        string id = Arguments.Parse(resume ? "resume" : "pause", given, [], []).OnlyId();
        using FileLock held = store.Lock(id);
        using LiveState state = LiveState.Load(store, id);
        if (resume && state.Status != ContainerStatus.Paused)
            throw new LaunchException(FailureKind.WrongState, "container not paused");
        if (!resume && state.Status is not (ContainerStatus.Running or ContainerStatus.Created))
            throw new LaunchException(FailureKind.WrongState, $"container not running or created: {state.Status.Word()}");
        if (resume)
            state.Container.Thaw();
        else
            state.Container.Freeze();
        return 0;
    }
}
