// What happened in the engine, told to whoever listens, with a short memory for those who come late.
using System.Threading.Channels;

namespace Skiff.Engine.Events;

/// <summary>One event. Types and actions are Docker's words (container/start, image/pull, network/connect ...).</summary>
public sealed record EngineEvent(
    string Type,
    string Action,
    string ActorId,
    IReadOnlyDictionary<string, string> Attributes,
    DateTimeOffset Time
);

/// <summary>Publishes events in order; each subscriber gets every event from its subscription on.</summary>
public sealed class EventBus
{
    const int Remembered = 1024;
    const int SubscriberBacklog = 4096;

    readonly Lock gate = new();
    readonly Queue<EngineEvent> recent = new();
    readonly List<Channel<EngineEvent>> subscribers = [];

    public void Publish(string type, string action, string actorId, IReadOnlyDictionary<string, string> attributes)
    {
        lock (gate)
        {
            var happened = new EngineEvent(type, action, actorId, attributes, DateTimeOffset.UtcNow);
            recent.Enqueue(happened);
            if (recent.Count > Remembered)
                recent.Dequeue();
            // A subscriber that does not read loses its stream, not the engine's memory.
            subscribers.RemoveAll(s => !s.Writer.TryWrite(happened) && s.Writer.TryComplete());
        }
    }

    /// <summary>Unused objects of a type were removed: how many bytes that freed.</summary>
    public void Pruned(string type, ulong reclaimed) =>
        Publish(type, "prune", "", new Dictionary<string, string> { ["reclaimed"] = $"{reclaimed}" });

    /// <summary>The remembered events since a moment (none if null) and then every new one, until cancelled.</summary>
    public async IAsyncEnumerable<EngineEvent> SubscribeAsync(
        DateTimeOffset? since,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var channel = Channel.CreateBounded<EngineEvent>(SubscriberBacklog);
        EngineEvent[] past;
        lock (gate)
        {
            past = since is { } moment ? [.. recent.Where(e => e.Time >= moment)] : [];
            subscribers.Add(channel);
        }
        try
        {
            foreach (var happened in past)
                yield return happened;
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellation))
                yield return happened;
        }
        finally
        {
            lock (gate)
                subscribers.Remove(channel);
        }
    }
}
