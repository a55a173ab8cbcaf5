// Progress of long work on the wire: JSON objects, CR LF after each; the status line waits for the first of them.
using System.Text.Json;
using System.Threading.Channels;
using Skiff.Docker;
using Skiff.Engine.Images;

namespace Skiff.Daemon.Docker;

/// <summary>
/// Work reports from any thread; one loop writes. A failure before the first report is an error of the request, one
/// after it the last object of the stream.
/// </summary>
internal static class ProgressWriter
{
    const int Backlog = 1024;

    /// <param name="lossless">the work waits where the client is slow; else the oldest messages go</param>
    internal static async Task RunAsync(ApiRequest request, Func<Action<ProgressMessage>, Task> work, bool lossless = false)
    {
        var messages = Channel.CreateBounded<ProgressMessage>(
            new BoundedChannelOptions(Backlog)
            {
                SingleReader = true,
                FullMode = lossless ? BoundedChannelFullMode.Wait : BoundedChannelFullMode.DropOldest,
            }
        );
        var working = Task.Run(async () =>
        {
            try
            {
                await work(m =>
                {
                    if (!messages.Writer.TryWrite(m))
                        messages.Writer.WriteAsync(m, request.Gone).AsTask().GetAwaiter().GetResult();
                });
            }
            finally
            {
                messages.Writer.TryComplete();
            }
        });
        var response = request.Http.Response;
        response.ContentType = "application/json";
        try
        {
            await foreach (var message in messages.Reader.ReadAllAsync(request.Gone))
                await WriteAsync(request, message);
        }
        catch (OperationCanceledException)
        {
            // The work is cancelled by the same token; it may be reading the request's body until it ends.
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        try
        {
            await working;
        }
        catch (Exception e) when (response.HasStarted && e is not OperationCanceledException)
        {
            await WriteAsync(request, Failed(e));
        }
        if (!response.HasStarted)
            await response.StartAsync(request.Gone);
    }

    static ProgressMessage Failed(Exception failure) =>
        failure is Engine.Build.StepFailedException step
            // In the words of the builder that this way of building has always had: they are parsed.
            ? ProgressMessage.Failed($"The command '{step.Command}' returned a non-zero code: {step.ExitCode}", step.ExitCode)
            : ProgressMessage.Failed(ErrorMapping.Of(failure).Message);

    /// <summary>The engine's progress in Docker's shape.</summary>
    internal static ProgressMessage Of(TransferProgress progress) =>
        new()
        {
            Status = progress.Status,
            Id = progress.Id,
            ProgressDetail = progress.Id is null
                ? null
                : new ProgressDetail { Current = progress.Current, Total = progress.Total },
            Progress = progress.Total > 0 ? Bar(progress.Current, progress.Total) : null,
        };

    static async Task WriteAsync(ApiRequest request, ProgressMessage message)
    {
        var body = request.Http.Response.Body;
        await body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, DockerJson.Wire.ProgressMessage), request.Gone);
        await body.WriteAsync("\r\n"u8.ToArray(), request.Gone);
        await body.FlushAsync(request.Gone);
    }

    /// <summary>Docker's bar of fifty characters: "[====>    ]  1.5MB/3MB".</summary>
    static string Bar(long current, long total)
    {
        int filled = (int)Math.Min(50, current * 50 / total);
        string bar = filled < 50 ? new string('=', filled) + '>' + new string(' ', 49 - filled) : new string('=', 50);
        return $"[{bar}]  {Size(current)}/{Size(total)}";
    }

    static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        double size = bytes;
        int unit = 0;
        while (size >= 1000 && unit < units.Length - 1)
        {
            size /= 1000;
            unit++;
        }
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{size:G4}{units[unit]}");
    }
}
