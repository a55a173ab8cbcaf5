// Roots of trust for one registry, from a directory.
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skiff.Engine;
using Skiff.Engine.Images.Registry;
using Xunit;

namespace Skiff.Tests.Engine.Images.Registry;

public sealed class CertificatesTests : IDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("skiff-certs-");

    public void Dispose() => directory.Delete(recursive: true);

    static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    static X509Certificate2 Server(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(
            authority,
            DateTimeOffset.UtcNow.AddHours(-1),
            DateTimeOffset.UtcNow.AddHours(1),
            [1, 2, 3]
        );
        using var whole = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    async Task HandshakeAsync(X509Certificate2 server, string name)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var stop = TestContext.Current.CancellationToken;
        var accept = listener.AcceptTcpClientAsync(stop);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, stop);
        using var accepted = await accept;
        await using var far = new SslStream(accepted.GetStream());
        await using var near = new SslStream(client.GetStream());
        var options = Certificates.For(directory.FullName);
        options.TargetHost = name;
        var serving = far.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = server }, stop);
        try
        {
            await near.AuthenticateAsClientAsync(options, stop);
        }
        finally
        {
            client.Close();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [Fact]
    public async Task Trusts_the_roots_in_the_directory_and_only_for_the_right_name()
    {
        using var authority = Authority();
        using var server = Server(authority);
        await Assert.ThrowsAsync<AuthenticationException>(() => HandshakeAsync(server, "localhost"));
        await File.WriteAllTextAsync(
            Path.Combine(directory.FullName, "ca.crt"),
            authority.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await HandshakeAsync(server, "localhost");
        await Assert.ThrowsAsync<AuthenticationException>(() => HandshakeAsync(server, "other.example"));
        using var stranger = Authority();
        using var strange = Server(stranger);
        await Assert.ThrowsAsync<AuthenticationException>(() => HandshakeAsync(strange, "localhost"));
    }

    [Fact]
    public void Names_the_file_that_cannot_be_used()
    {
        var file = Path.Combine(directory.FullName, "client.cert");
        File.WriteAllText(file, "nonsense");
        Assert.Contains(
            file,
            Assert.Throws<EngineException>(() => Certificates.For(directory.FullName)).Message,
            StringComparison.Ordinal
        );
    }
}
