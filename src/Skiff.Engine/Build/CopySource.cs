// The tree that a COPY takes from.
using Skiff.Linux;

namespace Skiff.Engine.Build;

/// <param name="owned">closed with this</param>
/// <param name="ignored">what is as if it were not there</param>
/// <param name="isContext">of the client: who owns a file there says nothing here</param>
/// <param name="known">what was read before, of a directory that is there for longer than this build</param>
internal sealed class CopySource(Fd root, bool owned, IgnoreFile? ignored, bool isContext, ContentDigests? known) : IDisposable
{
    internal ContextFiles Files { get; } = new(root);
    internal IgnoreFile? Ignored => ignored;
    internal bool IsContext => isContext;

    /// <summary>Whether others may change the files during the build.</summary>
    internal bool MayChange => known is not null;

    internal TreeDigest Digest(Func<string, bool, bool>? skips, CancellationToken cancellation) =>
        new(owners: !isContext, skips, known, cancellation);

    public void Dispose()
    {
        if (owned)
            root.Dispose();
    }
}
