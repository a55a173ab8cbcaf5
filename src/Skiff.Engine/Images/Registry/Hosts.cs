// Where a registry's API is served: mirrors, the registry itself, with TLS or without. The only place that knows vendors.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>One place to ask. <see cref="Base"/> ends in "/"; "v2/" follows.</summary>
/// <param name="IsMirror">Serves a registry's content for us; is never pushed to and never sees that registry's credentials.</param>
/// <param name="Insecure">TLS certificates are not verified; plain HTTP is allowed.</param>
/// <param name="Prefix">Goes before the names of repositories there: "" or "quay/".</param>
internal sealed record Endpoint(Uri Base, bool IsMirror, bool Insecure, string Prefix = "")
{
    public string Host => Base.Authority;
}

/// <summary>The endpoints of every registry, and the connections to them. Disposed with the engine.</summary>
internal sealed class Hosts(EngineOptions options, RegistryPolicy policy) : IDisposable
{
    // docker.io is a name, not a host.
    const string DockerHubHost = "registry-1.docker.io";

    // By what distinguishes their settings. Redirects may name any number of hosts: those share one.
    readonly ConcurrentDictionary<(string? Certificates, bool Loopback, bool Insecure), HttpMessageInvoker> invokers = new();

    // Which of https and http answered last, for registries where both are allowed.
    readonly ConcurrentDictionary<string, string> answeringScheme = new(StringComparer.OrdinalIgnoreCase);

    public RegistryPolicy Policy { get; } = policy;

    /// <summary>Where to pull a repository from, or where to push it: the first that works is used.</summary>
    public async Task<IReadOnlyList<Endpoint>> ForAsync(Reference name, bool push, CancellationToken cancellation)
    {
        var endpoints = new List<Endpoint>();
        var isDockerHub = name.Domain == Reference.DefaultDomain;
        foreach (var mirror in options.RegistryMirrors.Where(m => !push && m.Serves(name)))
        {
            var (path, prefix) = Split(mirror.Address.AbsolutePath.TrimEnd('/') + "/");
            var root = new UriBuilder(mirror.Address) { Path = path }.Uri;
            bool open = await IsInsecureAsync(root.Authority, cancellation);
            endpoints.Add(new Endpoint(root, IsMirror: true, open, prefix));
        }
        var authority = isDockerHub ? DockerHubHost : name.Domain;
        var insecure = !isDockerHub && await IsInsecureAsync(authority, cancellation);
        var schemes =
            !insecure ? ["https"]
            : answeringScheme.GetValueOrDefault(authority) == "http" ? new[] { "http", "https" }
            : ["https", "http"];
        foreach (var scheme in schemes)
        {
            if (!Uri.TryCreate($"{scheme}://{authority}/", UriKind.Absolute, out var root))
                throw EngineException.Invalid($"invalid registry host \"{authority}\"");
            endpoints.Add(new Endpoint(root, IsMirror: false, insecure));
        }
        return endpoints;
    }

    // "/a/v2/b/": the API is at "/a/", its repositories begin with "b/".
    static (string Path, string Prefix) Split(string path)
    {
        int api = path.IndexOf("/v2/", StringComparison.Ordinal);
        return api < 0 ? (path, "") : (path[..(api + 1)], path[(api + 4)..]);
    }

    /// <summary>Remembers that an endpoint answered.</summary>
    public void Answered(Endpoint endpoint)
    {
        if (endpoint.Insecure)
            answeringScheme[endpoint.Host] = endpoint.Base.Scheme;
    }

    /// <summary>The connections to the host of an address.</summary>
    public HttpMessageInvoker Connections(Uri address, bool insecure) =>
        invokers.GetOrAdd(
            (Certificates.DirectoryFor(address.Authority), IsLoopback(address.Authority), insecure),
            static (key, self) => self.Connect(key.Certificates, key.Loopback, key.Insecure),
            this
        );

    HttpMessageInvoker Connect(string? certificates, bool loopback, bool insecure)
    {
        var handler = new SocketsHttpHandler
        {
            // Redirects are followed by hand: they must not carry Authorization to another host.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 64 << 10,
            ConnectCallback = (context, cancellation) =>
                Dialer.ConnectAsync(context.DnsEndPoint, Policy.ConnectTimeout, cancellation),
        };
        if (loopback)
            handler.UseProxy = false;
        handler.SslOptions = Certificates.For(certificates);
        if (insecure)
        {
            // The operator named this host as insecure, or it is this machine.
#pragma warning disable CA5359
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        return new HttpMessageInvoker(handler);
    }

    /// <summary>This machine, or named by the operator as "host", "host:port" or a network that holds its address.</summary>
    public async Task<bool> IsInsecureAsync(string authority, CancellationToken cancellation)
    {
        if (IsLoopback(authority))
            return true;
        var host = HostOf(authority);
        var networks = new List<IPNetwork>();
        foreach (var entry in options.InsecureRegistries)
        {
            if (IPNetwork.TryParse(entry, out var network))
                networks.Add(network);
            else if (
                entry.Equals(authority, StringComparison.OrdinalIgnoreCase)
                || entry.Equals(host, StringComparison.OrdinalIgnoreCase)
            )
                return true;
        }
        if (networks.Count == 0)
            return false;
        try
        {
            var addresses = IPAddress.TryParse(host, out var literal)
                ? [literal]
                : await Dns.GetHostAddressesAsync(host, cancellation);
            return addresses.Any(a => networks.Any(n => n.Contains(a)));
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>"localhost" or an address of the loopback interface; no name is looked up.</summary>
    public static bool IsLoopback(string authority)
    {
        var host = HostOf(authority);
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
    }

    static string HostOf(string authority)
    {
        var colon = authority.LastIndexOf(':');
        var host = colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
        return host.Trim('[', ']');
    }

    public void Dispose()
    {
        foreach (var invoker in invokers.Values)
            invoker.Dispose();
    }
}
