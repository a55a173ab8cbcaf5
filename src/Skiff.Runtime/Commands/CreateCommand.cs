// skiff-runtime create: a container whose process waits for start.
using Skiff.Runtime.State;

namespace Skiff.Runtime.Commands;

/// <summary>create [--bundle DIR] [--console-socket PATH] [--pid-file FILE] [--preserve-fds N] [--no-new-keyring] ID.</summary>
internal static class CreateCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        Program.Seal();
        var arguments = Arguments.Parse("create", given, CreateOptions.WithValue, CreateOptions.Switches);
        using var creation = Creation.Make(store, CreateOptions.Of(arguments), gated: true, keepTerminal: false);
        return 0;
    }
}
