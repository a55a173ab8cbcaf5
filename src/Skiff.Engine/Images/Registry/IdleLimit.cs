// A time-out that starts anew with every byte.
namespace Skiff.Engine.Images.Registry;

/// <summary>Its token is cancelled when nothing was touched for the given time, or by the caller's own token.</summary>
internal sealed class IdleLimit : IDisposable
{
    readonly CancellationTokenSource source;
    readonly TimeSpan limit;

    public IdleLimit(TimeSpan limit, CancellationToken cancellation)
    {
        this.limit = limit;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Touch();
    }

    public CancellationToken Token => source.Token;

    public void Touch() => source.CancelAfter(limit);

    /// <summary>Stops the clock until the next touch: it is we who make the other side wait.</summary>
    public void Rest() => source.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose() => source.Dispose();
}
