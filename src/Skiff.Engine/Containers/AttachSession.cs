// One client joined with one process.
using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Skiff.Engine.Containers;

/// <summary>
/// Made by ContainerService.Attach; the door answers the client's upgrade between making and running it.
/// What RunAsync writes is ready for the wire: raw bytes with a terminal, else stdcopy frames.
/// </summary>
public sealed class AttachSession : IDisposable
{
    const int BufferBytes = 64 << 10;

    readonly AttachRequest request;
    readonly Func<CancellationToken, Task<Socket?>> connect;
    readonly Func<Stream, CancellationToken, Task>? replay;
    readonly Action detached;
    readonly Action abandon;
    readonly DetachKeys? keys;

    /// <param name="terminal">the process has a terminal</param>
    /// <param name="connect">waits for the process's stdio; null when it will never come</param>
    /// <param name="replay">writes the log first, or null</param>
    /// <param name="detached">called when the client leaves by its keys</param>
    /// <param name="abandon">takes back what connect would wait for</param>
    internal AttachSession(
        bool terminal,
        AttachRequest request,
        Func<CancellationToken, Task<Socket?>> connect,
        Func<Stream, CancellationToken, Task>? replay,
        Action detached,
        Action abandon
    )
    {
        Terminal = terminal;
        this.request = request;
        this.connect = connect;
        this.replay = replay;
        this.detached = detached;
        this.abandon = abandon;
        keys = terminal && request.Stdin ? DetachKeys.Parse(request.DetachKeys) : null;
    }

    /// <summary>The process has a terminal: raw stream. Else multiplexed frames.</summary>
    public bool Terminal { get; }

    /// <summary>A failure to start is written to the client, as Docker does for execs, instead of thrown.</summary>
    internal bool ReportFailure { get; init; }

    /// <summary>What to do when the client is gone and not by its keys.</summary>
    internal Func<Task>? Lost { get; init; }

    /// <summary>Awaited between the end of the output and the end of the session: what the client may ask for then is there.</summary>
    internal Func<Task>? Settled { get; init; }

    /// <summary>
    /// Copies both ways until the process has ended and all its output is written, the client detaches by its keys or
    /// goes away. End of input from the client is passed on as end of stdin where the container has StdinOnce.
    /// </summary>
    /// <param name="client">reads are the client's input (0 bytes = half-close), writes its output</param>
    public async Task RunAsync(Stream client, CancellationToken cancellation)
    {
        if (replay is not null)
            await replay(client, cancellation);
        if (!request.Stream)
            return;
        using var socket = await ConnectAsync(client, cancellation);
        if (socket is null)
            return;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var input = request.Stdin ? CopyInputAsync(client, socket, stop.Token) : Task.FromResult(false);
        var output = CopyOutputAsync(socket, client, stop.Token);
        // The session ends with the output; input that ends first (half-close) does not end it, detaching does.
        if (await Task.WhenAny(input, output) == input && await input)
        {
            detached();
            socket.Dispose();
        }
        else
        {
            await output;
            if (Settled is not null)
                await Settled();
        }
        await stop.CancelAsync();
        await Task.WhenAll(input, output).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>To be called when the client's connection broke before the session's end.</summary>
    public Task LostAsync() => Lost?.Invoke() ?? Task.CompletedTask;

    /// <summary>Gives back the place among the waiting clients. A session that ran needs it no more.</summary>
    public void Dispose() => abandon();

    async Task<Socket?> ConnectAsync(Stream client, CancellationToken cancellation)
    {
        try
        {
            return await connect(cancellation);
        }
        catch (EngineException e) when (ReportFailure)
        {
            byte[] text = Encoding.UTF8.GetBytes(e.Message + "\r\n");
            if (!Terminal)
                await client.WriteAsync(FrameHeader(1, text.Length), cancellation);
            await client.WriteAsync(text, cancellation);
            await client.FlushAsync(cancellation);
            return null;
        }
    }

    /// <summary>The stdcopy header: stream, three zeros, length big-endian.</summary>
    internal static byte[] FrameHeader(byte stream, int length)
    {
        byte[] header = new byte[8];
        header[0] = stream;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), length);
        return header;
    }

    /// <returns>true when the client left by its keys</returns>
    async Task<bool> CopyInputAsync(Stream client, Socket socket, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        byte[]? passed = keys is null ? null : ArrayPool<byte>.Shared.Rent(BufferBytes + keys.Length);
        try
        {
            while (true)
            {
                int read = await client.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellation);
                if (read == 0)
                {
                    socket.Shutdown(SocketShutdown.Send);
                    return false;
                }
                if (passed is null)
                {
                    await SendAllAsync(socket, buffer.AsMemory(0, read), cancellation);
                    continue;
                }
                (int written, bool left) = keys!.Feed(buffer.AsSpan(0, read), passed);
                if (written > 0)
                    await SendAllAsync(socket, passed.AsMemory(0, written), cancellation);
                if (left)
                    return true;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The process ended and its shim closed, or the client is gone: the output side knows which.
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (passed is not null)
                ArrayPool<byte>.Shared.Return(passed);
        }
    }

    static async Task CopyOutputAsync(Socket socket, Stream client, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer.AsMemory(0, BufferBytes), cancellation)) > 0)
            {
                await client.WriteAsync(buffer.AsMemory(0, read), cancellation);
                await client.FlushAsync(cancellation);
            }
        }
        catch (SocketException)
        {
            // The shim is gone; what it sent was written.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, cancellation)..];
    }
}
