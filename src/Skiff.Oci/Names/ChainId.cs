// The identity of a stack of layers, from the identities of the layers.
using System.Security.Cryptography;
using System.Text;

namespace Skiff.Oci.Names;

/// <summary>image-spec: config.md, Layer ChainID.</summary>
public static class ChainId
{
    /// <summary>The chain id of each layer with all below it; diff ids and result are lowest first, the first ones equal.</summary>
    public static IReadOnlyList<Digest> Compute(IReadOnlyList<Digest> diffIds)
    {
        var chain = new Digest[diffIds.Count];
        for (int i = 0; i < chain.Length; i++)
            chain[i] = i == 0 ? diffIds[0] : Join(chain[i - 1], diffIds[i]);
        return chain;
    }

    /// <summary>The chain id of a layer above a chain.</summary>
    public static Digest Join(Digest? parent, Digest diffId) =>
        parent is { } below ? Digest.FromSha256(SHA256.HashData(Encoding.ASCII.GetBytes($"{below} {diffId}"))) : diffId;
}
