// The way of a request: versions, paths, errors, headers.
using Skiff.Daemon.Docker;
using Skiff.Docker;
using Skiff.Engine;
using Xunit;

namespace Skiff.Tests.Daemon;

public sealed class RoutesTests
{
    static Route Echo(string method, string pattern, params string[] names) =>
        new(method, pattern, r => r.AnswerAsync(new IdAnswer(string.Join('|', names.Select(r.Path))), DockerJson.Wire.IdAnswer));

    [Theory]
    [InlineData("containers/{id}/json", "containers/abc/json", "abc")]
    [InlineData("images/{id*}/json", "images/busybox/json", "busybox")]
    [InlineData("images/{id*}/json", "images/docker.io/library/busybox/json", "docker.io/library/busybox")]
    [InlineData("images/{id*}/json", "images/a/json/json", "a/json")]
    [InlineData("images/{id*}", "images/localhost:5000/a/b", "localhost:5000/a/b")]
    [InlineData("containers/{id}/json", "containers/a/b/json", null)]
    [InlineData("images/{id*}/json", "images/json", null)]
    [InlineData("containers/json", "containers/json/x", null)]
    public void A_pattern_takes_its_path_apart(string pattern, string path, string? id)
    {
        var values = new Route("GET", pattern, _ => Task.CompletedTask).Match("GET", path.Split('/'));
        Assert.Equal(id, values?["id"]);
    }

    [Fact]
    public void A_pattern_is_for_one_method() => Assert.Null(new Route("GET", "x", _ => Task.CompletedTask).Match("POST", ["x"]));

    [Theory]
    [InlineData("/v1.24/x/a", "200 OK", "\"a\"")]
    [InlineData("/v1.51/x/a", "200 OK", "\"a\"")]
    [InlineData("/x/a?query=%2F", "200 OK", "\"a\"")]
    [InlineData("/x/a%2Fb", "200 OK", "\"a/b\"")]
    [InlineData("/x/a%252Fb+c", "200 OK", "\"a%2Fb+c\"")]
    [InlineData(
        "/v1.23/x/a",
        "400 Bad Request",
        "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
    )]
    [InlineData("/v1.52/x/a", "400 Bad Request", "client version 1.52 is too new. Maximum supported API version is 1.51")]
    [InlineData("/nothing", "404 Not Found", "{\"message\":\"page not found\"}")]
    [InlineData("/v1.41/invalid", "400 Bad Request", "{\"message\":\"no\"}")]
    [InlineData("/name", "400 Bad Request", "invalid reference format")]
    [InlineData("/broken", "500 Internal Server Error", "{\"message\":\"disk on fire\"}")]
    public async Task A_request_is_answered(string target, string status, string body)
    {
        await using var server = await TestServer.StartAsync(
            Echo("GET", "x/{id}", "id"),
            new Route("GET", "invalid", _ => throw EngineException.Invalid("no")),
            new Route("GET", "name", _ => throw new FormatException("invalid reference format")),
            new Route("GET", "broken", _ => throw new IOException("disk on fire"))
        );
        string answer = await server.AskAsync("GET", target);
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(body, answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/json\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nApi-Version: 1.51\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nOstype: linux\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nServer: Skiff/1.2.3 (linux)\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unchanged_container_is_304_without_a_body()
    {
        await using var server = await TestServer.StartAsync(
            new Route("POST", "start", _ => throw new EngineException(ErrorKind.NotModified, "runs already"))
        );
        string answer = await server.AskAsync("POST", "/start");
        Assert.StartsWith("HTTP/1.1 304 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_fails_halfway_does_not_look_complete()
    {
        await using var server = await TestServer.StartAsync(
            new Route(
                "GET",
                "save",
                async r =>
                {
                    await r.Http.Response.StartAsync(r.Gone);
                    await r.Http.Response.Body.WriteAsync("half"u8.ToArray(), r.Gone);
                    await r.Http.Response.Body.FlushAsync(r.Gone);
                    throw new IOException("disk on fire");
                }
            )
        );
        // A complete chunked answer ends with the empty chunk.
        Assert.DoesNotContain("\r\n0\r\n", await server.AskAsync("GET", "/save"), StringComparison.Ordinal);
        Assert.Equal("disk on fire", Assert.Single(server.Reported).Message);
    }

    [Fact]
    public async Task Swarm_is_unavailable_and_plugins_are_none_and_the_rest_says_what_is_missing()
    {
        await using var server = await TestServer.StartAsync([.. Absent.Routes()]);
        Assert.StartsWith("HTTP/1.1 503 ", await server.AskAsync("GET", "/v1.51/nodes"), StringComparison.Ordinal);
        Assert.Contains(
            "This node is not a swarm manager",
            await server.AskAsync("POST", "/swarm/init"),
            StringComparison.Ordinal
        );
        Assert.EndsWith("\r\n\r\n[]", await server.AskAsync("GET", "/plugins"), StringComparison.Ordinal);
        string search = await server.AskAsync("GET", "/images/search");
        Assert.StartsWith("HTTP/1.1 501 ", search, StringComparison.Ordinal);
        Assert.Contains("searching for images is not supported yet", search, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_are_granted()
    {
        await using var server = await TestServer.StartAsync();
        Assert.StartsWith("HTTP/1.1 200 ", await server.AskAsync("OPTIONS", "/containers/json"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_error_has_its_status()
    {
        int[] expected = [400, 401, 403, 404, 409, 304, 501, 503, 500, 500, 500];
        Assert.Equal(expected, Enum.GetValues<ErrorKind>().Select(ErrorMapping.Status));
    }
}
