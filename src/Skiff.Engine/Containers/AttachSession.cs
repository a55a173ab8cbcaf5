// One client joined with one process.
namespace Skiff.Engine.Containers;

/// <summary>
/// Made by ContainerService.Attach; the door answers the client's upgrade between making and running it.
/// What RunAsync writes is ready for the wire: raw bytes with a terminal, else stdcopy frames.
/// </summary>
public sealed class AttachSession
{
    /// <summary>The process has a terminal: raw stream. Else multiplexed frames.</summary>
    public bool Terminal { get; init; }

    /// <summary>
    /// Copies both ways until the process has ended and all its output is written, the client detaches by its keys or
    /// goes away. End of input from the client is passed on as end of stdin where the container has StdinOnce.
    /// </summary>
    /// <param name="client">reads are the client's input (0 bytes = half-close), writes its output</param>
    public Task RunAsync(Stream client, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");
}
