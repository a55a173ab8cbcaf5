// skiff-runtime state: what has become of a container.
using Skiff.Runtime.State;

namespace Skiff.Runtime.Commands;

/// <summary>state ID: JSON, as runtime.md of the runtime-spec has it.</summary>
internal static class StateCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        string id = Arguments.Parse("state", given, [], []).OnlyId();
        using LiveState state = LiveState.Load(store, id);
        byte[] json = StateJson.Of(state.Record, state.Status, state.Container.Spec, indented: true);
        return Program.Print([.. json, (byte)'\n']);
    }
}
