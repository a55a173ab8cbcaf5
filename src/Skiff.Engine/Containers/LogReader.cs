// Reads a container's log: entries in one file and its rotated predecessors, and follows the newest.
using System.Runtime.CompilerServices;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Containers;

/// <summary>The log of one container, as its shim writes it: NAME is the newest file, NAME.1 the one before, and so on.</summary>
internal sealed class LogReader : IDisposable
{
    /// <summary>A writer that rotates faster than this cannot be followed whole.</summary>
    const int MostLooks = 20;

    readonly Fd directory;
    readonly string name;
    readonly LogFormat format;
    readonly LogRequest request;

    /// <summary>The newest that is known, read to its end again and again.</summary>
    LogFile? current;

    LogReader(Fd directory, string name, LogFormat format, LogRequest request)
    {
        this.directory = directory;
        this.name = name;
        this.format = format;
        this.request = request;
    }

    /// <param name="driver">"json-file" or "local"</param>
    /// <param name="ended">completes when no more output will come</param>
    internal static async IAsyncEnumerable<LogLine> ReadAsync(
        string path,
        string driver,
        LogRequest request,
        Task ended,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        string place = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(place))
            yield break;
        // Before anything is read: what is written after the last look is told.
        using var changes = request.Follow ? LogChanges.Watch(place) : null;
        using var reader = new LogReader(SafePath.OpenRoot(place), Path.GetFileName(path), LogFormat.Of(driver), request);
        await foreach (var line in reader.RunAsync(changes, ended, cancellation))
            yield return line;
    }

    public void Dispose() => directory.Dispose();

    async IAsyncEnumerable<LogLine> RunAsync(
        LogChange? changes,
        Task ended,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var files = OpenAll();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            Choose(files);
            foreach (var file in files)
            foreach (var line in file.Read())
            {
                if (line.Time > request.Until)
                    yield break;
                if (Wanted(line))
                    yield return line;
            }
            current = files.LastOrDefault();
            var until = changes is null ? Task.CompletedTask : UntilAsync(stop.Token);
            while (changes is not null)
            {
                bool last = ended.IsCompleted;
                foreach (var line in Grown(files))
                {
                    if (line.Time > request.Until)
                        yield break;
                    if (Wanted(line))
                        yield return line;
                }
                if (last || until.IsCompleted)
                    yield break;
                await Task.WhenAny(changes.WaitAsync(cancellation), ended, until);
                cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var file in files)
                file.Dispose();
        }
    }

    /// <summary>What was written since: the rest of the current file, and of those that took its name.</summary>
    IEnumerable<LogLine> Grown(List<LogFile> files)
    {
        foreach (var line in current?.Read() ?? [])
            yield return line;
        if (LogFile.IdentityOf(directory, name) == current?.Identity)
            yield break;
        var found = OpenAll();
        int known = found.FindIndex(f => f.Identity == current?.Identity);
        // Its successor is there: nothing more is written to it.
        foreach (var line in current?.Read() ?? [])
            yield return line;
        foreach (var old in found.Take(known + 1))
            old.Dispose();
        var newer = found.Skip(known + 1).ToList();
        if (newer.Count == 0)
            yield break; // it has lost its name, and nothing has got it yet
        files.ForEach(f => f.Dispose());
        files.Clear();
        files.AddRange(newer);
        foreach (var file in newer)
        foreach (var line in (current = file).Read())
            yield return line;
    }

    /// <summary>Sets where each file is read from: --tail and --since are found from the end.</summary>
    void Choose(List<LogFile> files)
    {
        if (request.Tail is null && request.Since is null)
            return;
        long left = request.Tail ?? long.MaxValue;
        bool all = true;
        foreach (var file in files.AsEnumerable().Reverse())
            if (all && left > 0)
                all = file.GoBack(Take);
            else
                file.SkipAll();

        bool Take(LogLine line)
        {
            if (left == 0 || line.Time < request.Since)
                return false;
            if (Wanted(line) && !(line.Time > request.Until))
                left--;
            return true;
        }
    }

    bool Wanted(LogLine line) => (line.Stream == 1 ? request.Stdout : request.Stderr) && !(line.Time < request.Since);

    Task UntilAsync(CancellationToken cancellation) =>
        request.Until is { } until && until - DateTimeOffset.UtcNow is { TotalDays: < 40 } left
            ? Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellation)
            : Task.Delay(Timeout.Infinite, cancellation);

    /// <summary>All files, oldest first, as they were at one moment: looked at again if a rotation came between.</summary>
    List<LogFile> OpenAll()
    {
        for (int attempt = 1; ; attempt++)
        {
            var files = OpenOnce();
            bool still = LogFile.IdentityOf(directory, name) == files.LastOrDefault()?.Identity;
            // The file that is read now must be among them, unless it was deleted: else what came after it would be missed.
            bool whole = current is null || files.Exists(f => f.Identity == current.Identity) || current.IsDeleted;
            if ((still && whole) || attempt == MostLooks)
                return files;
            files.ForEach(f => f.Dispose());
        }
    }

    List<LogFile> OpenOnce()
    {
        var files = new List<LogFile>();
        // A rotation moves the oldest first: while it goes on, there is one number without a file.
        for (int i = 0, missing = 0; missing < 2; i++)
        {
            var file = LogFile.TryOpen(directory, i == 0 ? name : $"{name}.{i}", format);
            if (file is null)
            {
                missing++;
                continue;
            }
            missing = 0;
            if (files.Exists(f => f.Identity == file.Identity))
                file.Dispose();
            else
                files.Insert(0, file);
        }
        return files;
    }
}
