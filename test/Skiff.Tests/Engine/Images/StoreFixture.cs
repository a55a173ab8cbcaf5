// A store of images in a temporary directory, which can be closed and opened again like an engine.
using System.Text;
using Skiff.Engine;
using Skiff.Engine.Events;
using Skiff.Engine.Images;
using Skiff.Engine.Storage;
using Skiff.Linux.Files;
using Skiff.Tests.Oci.Layers;
using Xunit;

namespace Skiff.Tests.Engine.Images;

public abstract class StoreFixture : IAsyncLifetime
{
    readonly string root = Directory.CreateTempSubdirectory("skiff-store-").FullName;

    private protected StateLayout Layout { get; private set; } = null!;
    private protected Database Database { get; private set; } = null!;
    private protected ImageService Images { get; private set; } = null!;
    private protected EventBus Events { get; } = new();

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("layers hold owners, devices and trusted attributes: only root can unpack them");
        Layout = new StateLayout(root, Path.Combine(root, "run"));
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Images is not null)
            await Images.DisposeAsync();
        Database?.Dispose();
        TreeRemoval.Remove(root);
        GC.SuppressFinalize(this);
    }

    /// <summary>As after a kill -9: nothing is told that the end has come.</summary>
    private protected async Task ReopenAsync()
    {
        await Images.DisposeAsync();
        Database.Dispose();
        await OpenAsync();
    }

    async Task OpenAsync()
    {
        Database = new Database(Layout.Database);
        Images = new ImageService(new EngineOptions { DataRoot = root }, Layout, Database, Events);
        await Images.RepairAsync(Stop);
    }

    /// <summary>A one-layer image with one file.</summary>
    private protected Task<Image> ImportAsync(string? reference, string file = "file", params string[] changes) =>
        Images.ImportAsync(Layer(file), "-", reference, null, changes, null, Stop);

    private protected static MemoryStream Layer(string file) =>
        new(Tars.Archive(Tars.Entry("./", '5', mode: 0x1ed), Tars.Entry(file, contents: $"contents of {file}")));

    private protected async Task<byte[]> SaveAsync(params string[] names)
    {
        using var archive = new MemoryStream();
        await Images.SaveAsync(names, null, archive, Stop);
        return archive.ToArray();
    }

    private protected Task<IReadOnlyList<string>> LoadAsync(byte[] archive) =>
        Images.LoadAsync(new MemoryStream(archive), null, _ => { }, Stop);

    private protected List<string> Blobs() =>
        [.. Directory.EnumerateFiles(Path.Combine(Layout.Content, "blobs", "sha256")).Select(p => Path.GetFileName(p)!)];

    private protected List<string> SnapshotDirectories() =>
        [.. Directory.EnumerateDirectories(Layout.Snapshots).Select(p => Path.GetFileName(p)!).Where(n => n != "empty")];

    /// <summary>Files anywhere in scratch.</summary>
    private protected async Task<List<string>> ScratchAsync()
    {
        await Images.Snapshots.EmptyTrashAsync();
        return [.. Directory.EnumerateFiles(Layout.Scratch, "*", SearchOption.AllDirectories)];
    }

    private protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
