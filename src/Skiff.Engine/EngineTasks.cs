// Background work of the engine: started here and nowhere else, so that closing the engine can wait for it.
using System.Collections.Concurrent;

namespace Skiff.Engine;

/// <summary>Runs work that outlives its request. A failure is reported, never lost.</summary>
internal sealed class EngineTasks(Action<Exception> report) : IAsyncDisposable
{
    readonly ConcurrentDictionary<Task, byte> running = new();
    volatile bool closing;

    internal void Run(Func<Task> work)
    {
        var task = Task.Run(async () =>
        {
            try
            {
                await work();
            }
            catch (OperationCanceledException)
            {
                // The engine closes.
            }
            catch (Exception e) when (!closing)
            {
                report(e);
            }
            catch (Exception)
            {
                // The engine closes: the next start repairs.
            }
        });
        running.TryAdd(task, 0);
        _ = task.ContinueWith(t => running.TryRemove(t, out _), TaskScheduler.Default);
    }

    /// <summary>Gives running work a moment to end. What waits for containers never does, and need not.</summary>
    public async ValueTask DisposeAsync()
    {
        closing = true;
        await Task.WhenAny(Task.WhenAll(running.Keys), Task.Delay(TimeSpan.FromMilliseconds(200)));
    }
}
