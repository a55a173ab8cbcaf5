// The fuse box: every service is constructed here, by hand.
using Skiff.Engine.Containers;
using Skiff.Engine.Events;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;

namespace Skiff.Engine;

/// <summary>One engine on one data root. Opened by skiffd, used by its doors.</summary>
public sealed class Engine : IAsyncDisposable
{
    Engine(EngineOptions options) => Options = options;

    public EngineOptions Options { get; }
    public EventBus Events { get; } = new();
    public ImageService Images => throw new NotSupportedException("filled in by this slice");
    public NetworkService Networks => throw new NotSupportedException("filled in by this slice");
    public ContainerService Containers => throw new NotSupportedException("filled in by this slice");

    /// <summary>Locks the data root, repairs what a crash left, adopts running containers, makes the default network.</summary>
    public static Task<Engine> OpenAsync(EngineOptions options, CancellationToken cancellation) =>
        Task.FromResult(new Engine(options));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
