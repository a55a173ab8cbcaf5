// Puts the engine's rules back when somebody has removed them.
using Skiff.Linux;
using Skiff.Linux.Nftables;

namespace Skiff.Engine.Networks;

/// <summary>
/// `nft flush ruleset`, or a firewall that loads its own rules so, would leave containers without a way out and open
/// to their neighbours. Rules that others add beside ours are theirs.
/// </summary>
internal sealed class FirewallWatch(Firewall firewall, EngineTasks background) : IDisposable
{
    /// <summary>At most so often: two programs that both insist would otherwise keep a processor busy.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    readonly CancellationTokenSource closing = new();
    int started;

    /// <summary>Begins, once, after the rules were asserted. Returns why it cannot, or null.</summary>
    internal string? Start()
    {
        if (Interlocked.Exchange(ref started, 1) == 1)
            return null;
        NftMonitor monitor;
        try
        {
            monitor = NftMonitor.Open(firewall.Table);
        }
        catch (ErrnoException e)
        {
            return $"nftables rules are not watched: {e.Message}";
        }
        background.Run(async () =>
        {
            using (monitor)
                while (!closing.IsCancellationRequested)
                {
                    await monitor.RemovedByOthersAsync(closing.Token);
                    firewall.Assert();
                    await Task.Delay(Pause, closing.Token);
                }
        });
        return null;
    }

    public void Dispose() => closing.Cancel();
}
