// The undo list of a recipe: what was taken so far, given back in reverse when a later step fails.
namespace Skiff.Engine;

/// <summary>Push an undo right after each step that takes something; call Keep when the recipe is complete.</summary>
internal sealed class Rollback : IAsyncDisposable
{
    readonly Stack<Func<Task>> undo = new();

    internal void Push(Func<Task> step) => undo.Push(step);

    internal void Push(Action step) =>
        undo.Push(() =>
        {
            step();
            return Task.CompletedTask;
        });

    /// <summary>All went well: nothing is undone.</summary>
    internal void Keep() => undo.Clear();

    /// <summary>Undoes what was not kept. A failing undo does not stop the others: the journal still names its resource.</summary>
    public async ValueTask DisposeAsync()
    {
        while (undo.TryPop(out var step))
        {
            try
            {
                await step();
            }
            catch (Exception e) when (e is IOException or EngineException or UnauthorizedAccessException)
            {
                // Start-up repair finishes it.
            }
        }
    }
}
