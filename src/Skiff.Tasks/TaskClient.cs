// A live bundle seen from outside: starts its shim, or finds it again, and speaks to it.
using System.Net.Sockets;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.Linux.Spawn;

namespace Skiff.Tasks;

/// <summary>
/// Speaks to one shim. Each call uses a connection of its own to shim.sock, so a long Wait holds up nothing.
/// Failures the shim reports are thrown as <see cref="TaskException"/>; a shim that is gone as <see cref="IOException"/>.
/// Holds nothing between calls; safe to use from several threads.
/// </summary>
public sealed class TaskClient
{
    /// <summary>Name of the socket in the bundle directory.</summary>
    public const string SocketName = "shim.sock";

    /// <summary>Name of the file in the bundle directory that gets the shim's own complaints.</summary>
    public const string LogName = "shim.log";

    // Signals that must not end a shim: it ends when its container does. Blocked, not ignored: an ignored signal would
    // survive execve into the container. SIGHUP, SIGINT, SIGTERM.
    static readonly int[] BlockedSignals = [1, 2, 15];

    readonly string bundle;

    TaskClient(string bundle, int shimPid)
    {
        this.bundle = bundle;
        ShimPid = shimPid;
    }

    /// <summary>
    /// Starts a shim for a bundle directory that holds config.json and task.json. The listening socket is made here
    /// and handed over as descriptor 3, so the first connection can be made at once; a network namespace, if given,
    /// as descriptor 4 (config.json names it /proc/self/fd/4). Safe under concurrent calls; takes well under a
    /// millisecond, since it does not wait for the shim.
    /// </summary>
    /// <exception cref="ErrnoException">the bundle or the runtime is missing, no process could be made</exception>
    public static TaskClient Spawn(string runtimePath, string bundle, Fd? networkNamespace)
    {
        bundle = Path.GetFullPath(bundle);
        using Fd nothing = FdIo.OpenReadWrite("/dev/null");
        using Fd log = FdIo.OpenAppend(Path.Combine(bundle, LogName), Convert.ToUInt32("600", 8));
        using Fd listener = UnixSocket.Listen(bundle, SocketName);
        try
        {
            SpawnedProcess shim = ProcessSpawner.Start(
                new SpawnRequest
                {
                    Path = ShimProgram.Open(runtimePath),
                    Arguments = ["skiff-runtime", "shim", "--bundle", bundle],
                    Environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                    Descriptors = networkNamespace is null
                        ? [nothing, log, log, listener]
                        : [nothing, log, log, listener, networkNamespace],
                    BlockedSignals = BlockedSignals,
                }
            );
            ShimReaper.Watch(shim.Pidfd);
            return new TaskClient(bundle, shim.Pid);
        }
        catch
        {
            File.Delete(Path.Combine(bundle, SocketName));
            throw;
        }
    }

    /// <summary>Finds the shim of a bundle again; null if none answers.</summary>
    public static async Task<TaskClient?> TryConnectAsync(string bundle, CancellationToken cancellation)
    {
        bundle = Path.GetFullPath(bundle);
        try
        {
            int pid;
            using (Fd probe = UnixSocket.Connect(bundle, SocketName))
                pid = UnixSocket.GetPeer(probe).Pid; // the shim listens anew when it starts, and so signs the socket
            var client = new TaskClient(bundle, pid);
            await client.AskAsync<StateAnswer>(new StateRequest(), cancellation).ConfigureAwait(false);
            return client;
        }
        catch (Exception exception) when (exception is IOException or TaskException)
        {
            return null;
        }
    }

    /// <summary>Pid of the shim itself.</summary>
    public int ShimPid { get; }

    /// <summary>Sends a request, returns its answer. Cancelling closes the connection; what was asked may happen all the same.</summary>
    /// <exception cref="TaskException">the shim answered that it failed</exception>
    /// <exception cref="IOException">the shim is gone</exception>
    public async Task<T> AskAsync<T>(TaskRequest request, CancellationToken cancellation)
        where T : TaskAnswer
    {
        using Socket socket = Connect();
        return await AskAsync<T>(socket, request, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens the stdio of a process: see TaskMessages for what flows. The caller disposes the socket. Dispose it only
    /// after end-of-file was read, or give up what the shim has not sent yet.
    /// </summary>
    /// <exception cref="TaskException">the shim answered that it failed</exception>
    /// <exception cref="IOException">the shim is gone</exception>
    public async Task<Socket> AttachAsync(AttachRequest request, CancellationToken cancellation)
    {
        Socket socket = Connect();
        try
        {
            await AskAsync<DoneAnswer>(socket, request, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    Socket Connect() => new(new SafeSocketHandle(UnixSocket.Connect(bundle, SocketName).Release(), ownsHandle: true));

    static async Task<T> AskAsync<T>(Socket socket, TaskRequest request, CancellationToken cancellation)
        where T : TaskAnswer
    {
        try
        {
            byte[] question = TaskFraming.Encode(request, TaskJson.Default.TaskRequest);
            for (int sent = 0; sent < question.Length; )
                sent += await socket.SendAsync(question.AsMemory(sent), cancellation).ConfigureAwait(false);
            byte[] header = new byte[TaskFraming.HeaderBytes];
            await ReceiveAsync(socket, header, cancellation).ConfigureAwait(false);
            byte[] json = new byte[TaskFraming.ReadLength(header)];
            await ReceiveAsync(socket, json, cancellation).ConfigureAwait(false);
            return TaskFraming.Decode(json, TaskJson.Default.TaskAnswer) switch
            {
                T answer => answer,
                FailedAnswer failed => throw new TaskException(failed.Kind, failed.Message),
                TaskAnswer other => throw new IOException($"the shim answered {other.GetType().Name}"),
            };
        }
        catch (SocketException exception)
        {
            throw new IOException("the shim is gone", exception);
        }
    }

    static async Task ReceiveAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellation)
    {
        while (!buffer.IsEmpty)
        {
            int count = await socket.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
            if (count == 0)
                throw new IOException("the shim is gone");
            buffer = buffer[count..];
        }
    }
}

/// <summary>The shim refused or failed a request.</summary>
public sealed class TaskException(FailureKind kind, string message) : Exception(message)
{
    public FailureKind Kind { get; } = kind;
}
