// Progress of one transfer, told to everyone who waits for it, a few times a second.
using System.Diagnostics;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Transfers;

/// <summary>Listeners come and go while the transfer runs; a late one is told the present state first.</summary>
internal sealed class LayerProgress(string id)
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    readonly Lock gate = new();

    // Replaced, never changed: a listener may leave while it is told.
    Action<TransferProgress>[] listeners = [];
    TransferProgress? last;
    long lastTime;

    /// <summary>The first twelve digits, as Docker's client shows layers.</summary>
    public static string ShortId(Digest digest) => digest.Hex[..12];

    public void Add(Action<TransferProgress> listener)
    {
        lock (gate)
        {
            listeners = [.. listeners, listener];
            if (last is not null)
                listener(last);
        }
    }

    public void Remove(Action<TransferProgress> listener)
    {
        lock (gate)
            listeners = [.. listeners.Where(l => l != listener)];
    }

    /// <summary>A new state; always told.</summary>
    public void Report(string status) => Tell(new TransferProgress(id, status));

    /// <summary>An amount; told if the last one is some time ago, or if it is the whole.</summary>
    public void Report(string status, long current, long total)
    {
        if (current < total && last?.Status == status && Stopwatch.GetElapsedTime(lastTime) < Interval)
            return;
        Tell(new TransferProgress(id, status, current, total));
    }

    void Tell(TransferProgress progress)
    {
        lock (gate)
        {
            last = progress;
            lastTime = Stopwatch.GetTimestamp();
            foreach (var listener in listeners)
                listener(progress);
        }
    }
}
