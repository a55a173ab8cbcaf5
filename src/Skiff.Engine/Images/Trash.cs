// Where directories go that nobody needs: renamed in at once, emptied in the background.
using System.Threading.Channels;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Images;

/// <summary>
/// One background worker that removes trees. What is left when the process ends is removed by the next one. The trash
/// is in scratch, so on the file system of everything that goes into it.
/// </summary>
sealed class Trash : IAsyncDisposable
{
    readonly string directory;
    readonly Channel<string> queue = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    readonly CancellationTokenSource stopping = new();
    readonly Task worker;

    /// <summary>Throws away what an earlier process left in scratch, and starts the worker.</summary>
    /// <param name="kept">names in scratch whose owners look after them</param>
    public Trash(StateLayout layout, params string[] kept)
    {
        directory = Path.Combine(layout.Scratch, "trash");
        Directory.CreateDirectory(directory);
        foreach (string old in Directory.EnumerateFileSystemEntries(layout.Scratch).ToList())
            if (old != directory && !kept.Contains(Path.GetFileName(old)))
                Add(old);
        foreach (string old in Directory.EnumerateFileSystemEntries(directory).ToList())
            queue.Writer.TryWrite(old);
        worker = Task.Run(WorkAsync);
    }

    /// <summary>Renames a file or directory into the trash; false if there is none.</summary>
    public bool Add(string path)
    {
        string grave = Path.Combine(directory, $"{Guid.NewGuid():N}");
        try
        {
            Directory.Move(path, grave);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return false;
        }
        queue.Writer.TryWrite(grave);
        return true;
    }

    /// <summary>Waits until everything added so far is gone.</summary>
    internal async Task EmptyAsync()
    {
        while (Directory.EnumerateFileSystemEntries(directory).Any())
            await Task.Yield();
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        await worker;
        stopping.Dispose();
    }

    async Task WorkAsync()
    {
        await foreach (string path in queue.Reader.ReadAllAsync())
        {
            if (stopping.IsCancellationRequested)
                return;
            try
            {
                TreeRemoval.Remove(path);
            }
            catch (ErrnoException)
            {
                // Something is still mounted in it: the next start tries again.
            }
        }
    }
}
