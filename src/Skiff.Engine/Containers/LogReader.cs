// Reads a container's log: json lines in one file and its rotated predecessors, and follows the newest.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Skiff.Engine.Containers;

/// <summary>The log of one container, as its shim writes it (docker's json-file: {"log":"..\n","stream":"stdout","time":".."}).</summary>
internal static class LogReader
{
    const int ChunkBytes = 64 << 10;

    /// <summary>A longer line is not one of ours: 16 KiB of output, each byte escaped to six, and the rest of the object.</summary>
    const int MaxLineBytes = 128 << 10;

    /// <param name="ended">completes when no more output will come</param>
    internal static async IAsyncEnumerable<LogLine> ReadAsync(
        string path,
        LogRequest request,
        Task ended,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        using var changes = request.Follow ? Watch(path) : null;
        var files = OpenAll(path);
        try
        {
            long? skip = request.Tail is { } tail ? await CountBeforeTailAsync(files, request, tail, cancellation) : null;
            foreach (var file in files)
            {
                await foreach (var line in LinesAsync(file, cancellation))
                {
                    if (!Wanted(line, request))
                        continue;
                    if (skip is > 0)
                    {
                        skip--;
                        continue;
                    }
                    if (line.Time > request.Until)
                        yield break;
                    yield return line;
                }
            }
            if (!request.Follow)
                yield break;

            var current = files.Count > 0 ? files[^1] : null;
            while (true)
            {
                bool last = ended.IsCompleted;
                if (current is null && File.Exists(path))
                    files.Add(current = Open(path));
                if (current is not null)
                {
                    await foreach (var line in LinesAsync(current, cancellation))
                    {
                        if (line.Time > request.Until)
                            yield break;
                        if (Wanted(line, request))
                            yield return line;
                    }
                    // Renamed away by rotation: everything in it was read, go on with its successor.
                    if (!SameFile(current, path))
                    {
                        files.Remove(current);
                        await current.DisposeAsync();
                        current = null;
                        continue;
                    }
                }
                if (last)
                    yield break;
                await Task.WhenAny(changes!.NextAsync(cancellation), ended);
                cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            foreach (var file in files)
                await file.DisposeAsync();
        }
    }

    /// <summary>Parses one json-file line; null if it is none (a torn line after a full disk).</summary>
    internal static LogLine? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            string? text = null;
            byte stream = 1;
            DateTimeOffset time = default;
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                if (reader.ValueTextEquals("log"u8))
                {
                    reader.Read();
                    text = reader.GetString();
                }
                else if (reader.ValueTextEquals("stream"u8))
                {
                    reader.Read();
                    stream = reader.ValueTextEquals("stderr"u8) ? (byte)2 : (byte)1;
                }
                else if (reader.ValueTextEquals("time"u8))
                {
                    reader.Read();
                    time = DateTimeOffset.Parse(reader.GetString()!, CultureInfo.InvariantCulture);
                }
                else
                    reader.Skip();
            }
            return text is null ? null : new LogLine(stream, time, Encoding.UTF8.GetBytes(text));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    static bool Wanted(LogLine line, LogRequest request) =>
        (line.Stream == 1 ? request.Stdout : request.Stderr) && !(line.Time < request.Since);

    static async Task<long> CountBeforeTailAsync(
        List<FileStream> files,
        LogRequest request,
        long tail,
        CancellationToken cancellation
    )
    {
        long count = 0;
        foreach (var file in files)
        {
            await foreach (var line in LinesAsync(file, cancellation))
                if (Wanted(line, request) && !(line.Time > request.Until))
                    count++;
            file.Position = 0;
        }
        return Math.Max(0, count - tail);
    }

    /// <summary>Whole lines from the file's position on; leaves the position after the last whole line.</summary>
    static async IAsyncEnumerable<LogLine> LinesAsync(FileStream file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        byte[] buffer = new byte[ChunkBytes];
        int held = 0;
        long consumed = file.Position;
        while (true)
        {
            int read = await file.ReadAsync(buffer.AsMemory(held), cancellation);
            if (read == 0)
                break;
            held += read;
            int start = 0;
            int length;
            while ((length = buffer.AsSpan(start, held - start).IndexOf((byte)'\n')) >= 0)
            {
                if (Parse(buffer.AsSpan(start, length)) is { } line)
                    yield return line;
                start += length + 1;
                consumed += length + 1;
            }
            buffer.AsSpan(start, held - start).CopyTo(buffer);
            held -= start;
            if (held == buffer.Length)
            {
                if (held >= MaxLineBytes)
                {
                    consumed += held;
                    held = 0;
                }
                else
                    Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
        file.Position = consumed;
    }

    static List<FileStream> OpenAll(string path)
    {
        var files = new List<FileStream>();
        try
        {
            int oldest = 1;
            while (File.Exists($"{path}.{oldest}"))
                oldest++;
            for (int i = oldest - 1; i >= 1; i--)
                files.Add(Open($"{path}.{i}"));
            if (File.Exists(path))
                files.Add(Open(path));
        }
        catch (FileNotFoundException)
        {
            // Rotated between the look and the open: what is gone is older than what is kept.
        }
        return files;
    }

    static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: false);

    static bool SameFile(FileStream file, string path) =>
        File.Exists(path) && File.GetCreationTimeUtc(file.SafeFileHandle) == File.GetCreationTimeUtc(path);

    static ChangeSignal Watch(string path) => new(path);

    /// <summary>Tells that the log's directory changed, by inotify(7).</summary>
    sealed class ChangeSignal : IDisposable
    {
        readonly FileSystemWatcher watcher;
        readonly SemaphoreSlim changed = new(0);

        internal ChangeSignal(string path)
        {
            watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "*")
            {
                NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite | NotifyFilters.FileName,
            };
            watcher.Changed += (_, _) => changed.Release();
            watcher.Created += (_, _) => changed.Release();
            watcher.Renamed += (_, _) => changed.Release();
            watcher.EnableRaisingEvents = true;
        }

        internal async Task NextAsync(CancellationToken cancellation)
        {
            await changed.WaitAsync(cancellation);
            while (changed.Wait(0, CancellationToken.None)) { }
        }

        public void Dispose()
        {
            watcher.Dispose();
            changed.Dispose();
        }
    }
}
