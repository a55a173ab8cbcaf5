// A client's connection beneath HTTP: half-closed is not gone, and long streams must know which.
using System.Net.Sockets;

namespace Skiff.Daemon;

/// <summary>
/// Kestrel's token of a connection is cancelled by the client's half-close already, so the HTTP layer never sees it
/// (see ApiServer); it is kept here.
/// </summary>
/// <param name="socket">the connection</param>
/// <param name="finished">the client will send nothing more: it has half-closed, or it is gone</param>
/// <param name="stopping">the daemon ends: so must its streams</param>
internal sealed class ClientConnection(Socket? socket, CancellationToken finished, CancellationToken stopping)
{
    static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    internal CancellationToken Finished { get; } = finished;
    internal CancellationToken Stopping { get; } = stopping;

    /// <summary>Cancels <paramref name="session"/> once the client is gone for good. Half-closed clients are asked again and again.</summary>
    internal async Task WatchAsync(CancellationTokenSource session)
    {
        try
        {
            var finished = new TaskCompletionSource();
            using var end = Finished.Register(finished.SetResult);
            await finished.Task.WaitAsync(session.Token);
            using var timer = new PeriodicTimer(ProbeInterval);
            while (IsThere())
                await timer.WaitForNextTickAsync(session.Token);
            await session.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The session ended first.
        }
    }

    /// <summary>send(2) of nothing: EPIPE once the other end is closed, success while it still reads. unix(7), measured.</summary>
    bool IsThere()
    {
        try
        {
            socket?.Send(ReadOnlySpan<byte>.Empty);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
