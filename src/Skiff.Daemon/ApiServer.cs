// Kestrel on the daemon's sockets, and the one line that makes half-closed connections work.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Skiff.Engine;

namespace Skiff.Daemon;

internal static class ApiServer
{
    /// <summary>Listens on every host; the sockets accept when this returns.</summary>
    /// <exception cref="EngineException">Conflict: another engine listens there; InvalidParameter: no such host or group</exception>
    internal static async Task<WebApplication> StartAsync(
        IReadOnlyList<string> hosts,
        string? group,
        RequestDelegate answer,
        ILoggerProvider logging
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(logging);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            // Archives and attached input have no length and no hurry.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            foreach (string host in hosts)
                Listen(kestrel, host);
        });
        var app = builder.Build();
        ((IApplicationBuilder)app).Run(answer);
        await app.StartAsync();
        foreach (string host in hosts)
            if (host.StartsWith("unix://", StringComparison.Ordinal))
                SocketFile.Protect(host["unix://".Length..], group);
        return app;
    }

    /// <exception cref="EngineException">InvalidParameter: nothing to listen on, or open to other machines</exception>
    internal static void CheckHost(string host)
    {
        if (host == "fd://" || host.StartsWith("unix:///", StringComparison.Ordinal))
            return;
        if (!TryTcp(host, out var endpoint))
            throw EngineException.Invalid($"invalid host \"{host}\": unix:///PATH, tcp://127.0.0.1:PORT or fd://");
        // Whoever connects is root here, and this release speaks no TLS.
        if (!IPAddress.IsLoopback(endpoint!.Address))
            throw EngineException.NotImplemented(
                $"listening on {host} needs TLS, which is not supported yet by this release of Skiff: use tcp://127.0.0.1:PORT, or ssh to a unix socket"
            );
    }

    static bool TryTcp(string host, out IPEndPoint? endpoint)
    {
        endpoint = null;
        return host.StartsWith("tcp://", StringComparison.Ordinal)
            && IPEndPoint.TryParse(host["tcp://".Length..], out endpoint)
            && endpoint.Port > 0;
    }

    static void Listen(KestrelServerOptions kestrel, string host)
    {
        CheckHost(host);
        if (host.StartsWith("unix://", StringComparison.Ordinal))
        {
            string path = host["unix://".Length..];
            SocketFile.Prepare(path);
            kestrel.ListenUnixSocket(path, Configure);
        }
        else if (TryTcp(host, out var endpoint))
            kestrel.Listen(endpoint!, Configure);
        else
            foreach (ulong descriptor in ServiceManager.Sockets())
                kestrel.ListenHandle(descriptor, Configure);
    }

    static void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        // Kestrel takes a client's half-close for its end and drops what is still to be sent. Docker's clients
        // half-close at once when they have no input. So the HTTP layer never sees the token; long streams watch
        // the original, kept as a feature.
        var stopping = listen.ApplicationServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        listen.Use(next =>
            async connection =>
            {
                var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
                connection.Features.Set(new ClientConnection(socket, connection.ConnectionClosed, stopping));
                connection.ConnectionClosed = CancellationToken.None;
                await next(connection);
            }
        );
    }
}
