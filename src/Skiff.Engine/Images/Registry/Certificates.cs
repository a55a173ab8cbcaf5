// TLS certificates for one registry host, from the directories that Docker reads.
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skiff.Engine.Images.Registry;

/// <summary>
/// certs.d/HOST:PORT/ holds "*.crt" (further roots to trust) and pairs of "*.cert" and "*.key" (client certificates).
/// docs.docker.com: Verify repository client with certificates.
/// </summary>
internal static class Certificates
{
    static readonly string[] Roots = ["/etc/skiff/certs.d", "/etc/docker/certs.d"];

    /// <summary>The directory of a host; null if there is none.</summary>
    public static string? DirectoryFor(string authority) =>
        Roots.Select(root => Path.Combine(root, authority)).FirstOrDefault(Directory.Exists);

    /// <summary>TLS options from a directory; those of the system if it is null.</summary>
    /// <exception cref="EngineException">a file there cannot be used</exception>
    public static SslClientAuthenticationOptions For(string? directory)
    {
        var options = new SslClientAuthenticationOptions();
        if (directory is null)
            return options;
        var trusted = new X509Certificate2Collection();
        foreach (var file in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
        {
            try
            {
                if (file.EndsWith(".crt", StringComparison.Ordinal))
                    trusted.ImportFromPemFile(file);
                else if (file.EndsWith(".cert", StringComparison.Ordinal))
                    (options.ClientCertificates ??= []).Add(
                        X509Certificate2.CreateFromPemFile(file, Path.ChangeExtension(file, ".key"))
                    );
            }
            catch (Exception failure) when (failure is CryptographicException or IOException)
            {
                throw new EngineException(ErrorKind.System, $"could not use certificate \"{file}\": {failure.Message}", failure);
            }
        }
        if (trusted.Count > 0)
            options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                errors == SslPolicyErrors.None
                || (
                    errors == SslPolicyErrors.RemoteCertificateChainErrors
                    && certificate is not null
                    && IsTrusted(certificate, chain, trusted)
                );
        return options;
    }

    // The system's roots did not vouch for it: ask again with the host's own roots only.
    static bool IsTrusted(X509Certificate certificate, X509Chain? sent, X509Certificate2Collection trusted)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // server authentication
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        using var leaf = new X509Certificate2(certificate);
        return chain.Build(leaf);
    }
}
