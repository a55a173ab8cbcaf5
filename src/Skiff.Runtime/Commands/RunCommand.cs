// skiff-runtime run: creates, starts, waits and deletes in one go.
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;

namespace Skiff.Runtime.Commands;

/// <summary>
/// run [--detach] [--keep] and the flags of create. Exit code: the container's, 128 + signal; 127 or 126 if the program
/// is missing or cannot be run; 1 for other failures.
/// </summary>
internal static class RunCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        Program.Seal();
        var arguments = Arguments.Parse(
            "run",
            given,
            CreateOptions.WithValue,
            [.. CreateOptions.Switches, "detach|d", "keep", "no-subreaper"]
        );
        CreateOptions options = CreateOptions.Of(arguments);
        bool detached = arguments.Has("detach");
        using var creation = Creation.Make(store, options, gated: false, keepTerminal: !detached);
        try
        {
            if (creation.IsGated)
                StartCommand.Release(store, creation.Record, creation.Hooks, creation.Process.Pidfd);
            else
                creation.Hooks.Poststart(creation.Record);
        }
        catch (LaunchException)
        {
            Foreground.Wait(creation.Process, terminal: null); // it was killed
            creation.Delete();
            throw;
        }
        if (detached)
            return 0;
        int code = Foreground.Wait(creation.Process, creation.Terminal);
        if (!arguments.Has("keep"))
            creation.Delete();
        return code;
    }
}
