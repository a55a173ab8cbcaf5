// Runs one process on a writable layer, as a container is run, but without a record: a step of a build.
using System.Buffers.Binary;
using System.Net.Sockets;
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Linux.Processes;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

/// <summary>
/// What it takes stands in the journal under the step's id: after a crash of the engine it is given back like what a
/// container without a record holds.
/// </summary>
internal sealed class StepSandbox(
    EngineOptions options,
    StateLayout layout,
    Journal journal,
    NetworkService networks,
    BundleBuilder bundles,
    EngineTasks background
)
{
    /// <summary>Runs the container's command to its end. Cancelled, it is killed; nothing of it is left in any case.</summary>
    /// <param name="mounts">besides those of the container's record</param>
    /// <param name="output">gets the output in pieces, true for stderr</param>
    /// <exception cref="EngineException">it cannot be started</exception>
    internal async Task<ExitAnswer> RunAsync(
        Container container,
        Snapshot snapshot,
        IReadOnlyList<BoundMount> mounts,
        Action<bool, ReadOnlyMemory<byte>> output,
        CancellationToken cancellation
    )
    {
        JournalEntry[] taken =
        [
            new(container.Id, ResourceKind.Directory, layout.Bundle(container.Id)),
            new(container.Id, ResourceKind.Directory, layout.Container(container.Id)),
            new(container.Id, ResourceKind.Cgroup, bundles.CgroupPath(container)),
        ];
        journal.Take(taken);
        TaskClient? task = null;
        try
        {
            Directory.CreateDirectory(layout.Bundle(container.Id));
            Directory.CreateDirectory(layout.Container(container.Id));
            using var joined = new JoinedNamespaces();
            using var sandbox =
                container.Host.NetworkMode == "host"
                    ? null
                    : await networks.CreateSandboxAsync(Lifecycle.SandboxOf(container), cancellation);
            bundles.Write(container, snapshot, sandbox?.Endpoints ?? [], hasSandbox: sandbox is not null, joined, mounts);
            task = TaskClient.Spawn(options.RuntimePath, layout.Bundle(container.Id), sandbox?.NetworkNamespace);
            using var socket = await task.AttachAsync(new Skiff.Tasks.AttachRequest(null, false, true, true), cancellation);
            await Lifecycle.AskAsync<StartedAnswer>(task, new StartRequest(), cancellation);
            await using var kill = cancellation.Register(() => background.Run(() => KillAsync(task)));
            await CopyAsync(socket, output);
            var exit = await task.AskAsync<ExitAnswer>(new WaitRequest(null), CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            return exit;
        }
        finally
        {
            if (task is not null)
                await Lifecycle.AbandonAsync(task);
            await networks.ReleaseAsync(container.Id, CancellationToken.None);
            BundleBuilder.RemoveCgroup(bundles.CgroupPath(container));
            foreach (string directory in (string[])[layout.Bundle(container.Id), layout.Container(container.Id)])
                if (Directory.Exists(directory))
                    Directory.Delete(directory, recursive: true);
            journal.Strike(taken);
        }
    }

    static async Task KillAsync(TaskClient task)
    {
        try
        {
            await task.AskAsync<DoneAnswer>(new KillRequest(null, Signals.SIGKILL, All: true), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskException)
        {
            // It has just ended.
        }
    }

    /// <summary>Frames of stdcopy: stream, three zeros, length, bytes.</summary>
    static async Task CopyAsync(Socket socket, Action<bool, ReadOnlyMemory<byte>> output)
    {
        byte[] header = new byte[8];
        byte[] buffer = new byte[64 << 10];
        while (await FillAsync(socket, header, header.Length))
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
            for (int rest = length; rest > 0; )
            {
                int part = Math.Min(rest, buffer.Length);
                if (!await FillAsync(socket, buffer, part))
                    return;
                output(header[0] == 2, buffer.AsMemory(0, part));
                rest -= part;
            }
        }
    }

    static async Task<bool> FillAsync(Socket socket, byte[] buffer, int count)
    {
        for (int filled = 0; filled < count; )
        {
            int read;
            try
            {
                read = await socket.ReceiveAsync(buffer.AsMemory(filled, count - filled));
            }
            catch (SocketException)
            {
                return false;
            }
            if (read == 0)
                return false;
            filled += read;
        }
        return true;
    }
}
