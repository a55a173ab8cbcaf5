// The tree that a COPY takes from.
using Skiff.Linux;

namespace Skiff.Engine.Build;

/// <param name="owned">closed with this</param>
/// <param name="ignored">what is as if it were not there</param>
/// <param name="isContext">of the client: who owns a file there says nothing here</param>
internal sealed class CopySource(Fd root, bool owned, IgnoreFile? ignored, bool isContext, CancellationToken cancellation)
    : IDisposable
{
    internal ContextFiles Files { get; } = new(root, cancellation);
    internal IgnoreFile? Ignored => ignored;
    internal bool IsContext => isContext;

    internal string DigestOf(SourceFile file, Func<string, bool, bool>? skips, Dictionary<string, string> details) =>
        Files.Digest(file, owners: !isContext, skips, details);

    public void Dispose()
    {
        if (owned)
            root.Dispose();
    }
}
