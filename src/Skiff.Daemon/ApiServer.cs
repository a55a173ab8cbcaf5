// Kestrel on the daemon's sockets, and the one line that makes half-closed connections work.
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Skiff.Daemon.Docker;
using Skiff.Engine;

namespace Skiff.Daemon;

internal static class ApiServer
{
    /// <summary>Listens on every host; the sockets accept when this returns.</summary>
    internal static async Task<WebApplication> StartAsync(
        DaemonOptions options,
        Engine.Engine engine,
        ServerInfo server,
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
            foreach (string host in options.Hosts)
                Listen(kestrel, host);
        });
        var app = builder.Build();
        var routes = new Routes(engine, server);
        ((IApplicationBuilder)app).Run(routes.HandleAsync);
        await app.StartAsync();
        foreach (string host in options.Hosts)
            if (host.StartsWith("unix://", StringComparison.Ordinal))
                SocketFile.Protect(host["unix://".Length..], options.Group);
        return app;
    }

    static void Listen(KestrelServerOptions kestrel, string host)
    {
        if (host.StartsWith("unix://", StringComparison.Ordinal))
        {
            string path = host["unix://".Length..];
            SocketFile.Prepare(path);
            kestrel.ListenUnixSocket(path, Configure);
        }
        else if (host.StartsWith("tcp://", StringComparison.Ordinal) && IPEndPoint.TryParse(host["tcp://".Length..], out var endpoint))
            kestrel.Listen(endpoint, Configure);
        else if (host == "fd://")
        {
            // sd_listen_fds(3): descriptors from 3 on, LISTEN_FDS of them, for the process LISTEN_PID.
            if (Environment.GetEnvironmentVariable("LISTEN_PID") != $"{Environment.ProcessId}" || !int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out int count) || count < 1)
                throw EngineException.Invalid("-H fd:// needs sockets from systemd: start skiff.socket, or name a unix:// socket");
            for (int descriptor = 3; descriptor < 3 + count; descriptor++)
                kestrel.ListenHandle((ulong)descriptor, Configure);
        }
        else
            throw EngineException.Invalid($"invalid host \"{host}\": unix://PATH, tcp://ADDRESS:PORT or fd://");
    }

    static void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        // Kestrel takes a client's half-close for its end and drops what is still to be sent. Docker's clients
        // half-close at once when they have no input. So the HTTP layer never sees the token; long streams watch
        // the original, kept as a feature.
        listen.Use(next =>
            async connection =>
            {
                connection.Features.Set(new ClientConnection(connection.ConnectionClosed));
                connection.ConnectionClosed = CancellationToken.None;
                await next(connection);
            }
        );
    }
}
