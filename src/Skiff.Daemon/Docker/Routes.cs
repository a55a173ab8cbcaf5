// The Engine API as a table, and the way of a request through it: version, route, handler, error.
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Docker;

namespace Skiff.Daemon.Docker;

internal sealed class Routes(IReadOnlyList<Route> table, ServerInfo server)
{
    /// <summary>All that this engine answers.</summary>
    internal static Routes Of(Engine.Engine engine, ServerInfo server) =>
        new(
            [
                .. new SystemApi(engine, server).Routes(),
                .. new ContainersApi(engine).Routes(),
                .. new StatsApi(engine).Routes(),
                .. new FilesApi(engine).Routes(),
                .. new ExecApi(engine).Routes(),
                .. new ImagesApi(engine).Routes(),
                .. new BuildApi(engine).Routes(),
                .. new NetworksApi(engine).Routes(),
                .. new VolumesApi(engine).Routes(),
                .. Absent.Routes(),
            ],
            server
        );

    internal async Task HandleAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["Api-Version"] = ApiVersion.Max.ToString();
        headers["Docker-Experimental"] = "false";
        headers["Ostype"] = "linux";
        headers["Server"] = $"Skiff/{server.Version} (linux)";
        var version = ApiVersion.FromPath(TargetPath(context), out string rest);
        var (handler, values) = Find(context.Request.Method, rest);
        using var request = new ApiRequest(context, version, values);
        try
        {
            if (version.Refusal is { } refusal)
                await FailAsync(request, 400, refusal);
            else
                await handler(request);
        }
        catch (OperationCanceledException) when (request.Gone.IsCancellationRequested)
        {
            End(request); // nobody is there to hear more
        }
        catch (Exception e) when (!context.Response.HasStarted && !request.Hijacked)
        {
            var (status, message) = ErrorMapping.Of(e);
            if (status == 500)
                server.RequestFailed($"{context.Request.Method} {rest}", e);
            await FailAsync(request, status, message);
        }
        catch (Exception e)
        {
            server.RequestFailed($"{context.Request.Method} {rest}", e);
            End(request);
        }
    }

    /// <summary>An answer that has begun and is not complete must not look complete: its connection breaks.</summary>
    static void End(ApiRequest request)
    {
        if (request.Http.Response.HasStarted || request.Hijacked)
            request.Http.Abort();
    }

    (Func<ApiRequest, Task>, Dictionary<string, string>) Find(string method, string path)
    {
        // Segments are decoded one by one: an encoded slash in a name divides nothing.
        string[] segments = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        foreach (var route in table)
            if (route.Match(method, segments) is { } values)
                return (route.Handler, values);
        return (method == "OPTIONS" ? r => r.NothingAsync(200) : r => FailAsync(r, 404, "page not found"), []);
    }

    /// <summary>The path as it was sent: the framework's has lost the difference between %25 and %.</summary>
    static string TargetPath(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
            return context.Request.Path.Value ?? "/"; // absolute form, "http://host/path": for proxies only
        int query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }

    static Task FailAsync(ApiRequest request, int status, string message)
    {
        var headers = request.Http.Response.Headers;
        headers.ContentLength = null;
        headers.ContentType = default;
        return status is 304
            ? request.NothingAsync(304)
            : request.AnswerAsync(new ErrorBody(message), DockerJson.Wire.ErrorBody, status);
    }
}
