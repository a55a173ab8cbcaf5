// The Engine API as a table, and the way of a request through it: version, route, handler, error.
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Docker;

namespace Skiff.Daemon.Docker;

internal sealed class Routes(Engine.Engine engine, ServerInfo server)
{
    readonly Route[] table =
    [
        .. new SystemApi(engine, server).Routes(),
        .. new ContainersApi(engine).Routes(),
        .. new ExecApi(engine).Routes(),
        .. new ImagesApi(engine).Routes(),
        .. new NetworksApi(engine).Routes(),
        .. Absent.Routes(),
    ];

    internal async Task HandleAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["Api-Version"] = ApiVersion.Max.ToString();
        headers["Docker-Experimental"] = "false";
        headers["Ostype"] = "linux";
        headers["Server"] = $"Skiff/{server.Version} (linux)";
        var version = ApiVersion.FromPath(context.Request.Path.Value ?? "/", out string rest);
        try
        {
            if (version.Refusal is { } refusal)
            {
                await FailAsync(context, version, 400, refusal);
                return;
            }
            string[] path = [.. rest.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(WebUtility.UrlDecode)!];
            foreach (var route in table)
            {
                if (route.Match(context.Request.Method, path) is not { } values)
                    continue;
                await route.Handler(new ApiRequest(context, version, values));
                return;
            }
            await FailAsync(context, version, 404, "page not found");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || Gone(context))
        {
            // Nobody is there to hear more.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var (status, message) = ErrorMapping.Of(e);
            await FailAsync(context, version, status, message);
        }
        catch (Exception e)
        {
            server.Report(e); // the answer has begun: its stream ends here
        }
    }

    static bool Gone(HttpContext context) => context.Features.Get<ClientConnection>()?.Closed.IsCancellationRequested == true;

    static Task FailAsync(HttpContext context, ApiVersion version, int status, string message)
    {
        context.Response.Clear();
        foreach (var (key, value) in new (string, string)[] { ("Api-Version", ApiVersion.Max.ToString()), ("Ostype", "linux") })
            context.Response.Headers[key] = value;
        var request = new ApiRequest(context, version, []);
        return status is 304
            ? request.NothingAsync(304)
            : request.AnswerAsync(new ErrorBody(message), DockerJson.Wire.ErrorBody, status);
    }
}
