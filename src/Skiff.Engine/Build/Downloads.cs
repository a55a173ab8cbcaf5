// What ADD brings from the web: held in scratch for the step.
using System.Security.Cryptography;
using System.Text;
using Skiff.Engine.Dockerfile;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

internal sealed class Downloads(BuildRun build) : IDisposable
{
    const long MaxBytes = 64L << 30;

    readonly string directory = Path.Combine(build.Tools.Layout.Scratch, $"add-{Guid.NewGuid():N}");

    internal static bool IsUrl(string source) =>
        (source.StartsWith("http://", StringComparison.Ordinal) || source.StartsWith("https://", StringComparison.Ordinal))
        && !IsGit(source);

    internal static bool IsGit(string source)
    {
        string path = source.Split('#', '?')[0];
        return source.StartsWith("git@", StringComparison.Ordinal)
            || source.StartsWith("git://", StringComparison.Ordinal)
            || source.StartsWith("ssh://", StringComparison.Ordinal)
            || (path.StartsWith("http", StringComparison.Ordinal) && path.EndsWith(".git", StringComparison.Ordinal));
    }

    /// <exception cref="EngineException">NotFound, Unavailable; InvalidParameter: another checksum, or no name for it</exception>
    internal async Task<(string Name, SourceFile File, string Digest)> FetchAsync(
        Instruction instruction,
        string url,
        string? checksum,
        BuildVertex vertex
    )
    {
        string name = Path.GetFileName(new Uri(url).AbsolutePath);
        if (name.Length == 0)
            throw instruction.Error($"cannot determine filename for source \"{url}\"");
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, Guid.NewGuid().ToString("N"));
        await using (
            var body = await build.Tools.Images.FetchArchiveAsync(
                url,
                p => build.Report(new BuildEvent.Pulling(vertex, p)),
                build.Cancellation
            )
        )
        await using (var file = new FileStream(path, FileMode.CreateNew))
        {
            byte[] block = new byte[128 << 10];
            long total = 0;
            int read;
            while ((read = await body.ReadAsync(block, build.Cancellation)) > 0)
            {
                total += read;
                if (total > MaxBytes)
                    throw EngineException.Invalid($"ADD {url}: more than {MaxBytes >> 30} GiB");
                await file.WriteAsync(block.AsMemory(0, read), build.Cancellation);
            }
        }
        File.SetUnixFileMode(
            path,
            (UnixFileMode)0x180 /* 0600, as Docker */
        );
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        string digest;
        await using (var file = File.OpenRead(path))
            digest = "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, build.Cancellation));
        if (checksum is not null && checksum != digest)
            throw EngineException.Invalid($"digest mismatch {digest}: {checksum}");
        var parent = SafePath.OpenRoot(directory);
        byte[] encoded = Encoding.UTF8.GetBytes(Path.GetFileName(path));
        if (FileAt.TryStatus(parent, encoded, out var status) is var errno and not Errno.None)
            throw new ErrnoException("stat", path, errno);
        return (name, new SourceFile(parent, encoded, name, status), digest);
    }

    public void Dispose()
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
