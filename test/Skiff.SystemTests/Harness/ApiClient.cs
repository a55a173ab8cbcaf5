// The API without a client program: for tests that make thousands of requests.
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Skiff.SystemTests.Harness;

public sealed class ApiClient(string socketPath) : IDisposable
{
    readonly HttpClient http = new(
        new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }
    )
    {
        BaseAddress = new Uri("http://skiff/v1.51/"),
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Create, start, wait, remove. Returns the exit code.</summary>
    public int RunContainer(string image, params string[] command)
    {
        string id = Post("containers/create", $$"""{"Image":"{{image}}","Cmd":{{Json(command)}}}""")
            .GetProperty("Id")
            .GetString()!;
        Post($"containers/{id}/start", "");
        int code = Post($"containers/{id}/wait", "").GetProperty("StatusCode").GetInt32();
        Send(HttpMethod.Delete, $"containers/{id}", "");
        return code;
    }

    /// <summary>Runs an exec to its end, its output read to the last byte. Returns the exit code.</summary>
    public int Exec(string container, params string[] command)
    {
        string id = Post(
                $"containers/{container}/exec",
                $$"""{"AttachStdout":true,"AttachStderr":true,"Cmd":{{Json(command)}}}"""
            )
            .GetProperty("Id")
            .GetString()!;
        Send(HttpMethod.Post, $"exec/{id}/start", """{"Detach":false,"Tty":false}""");
        var state = Send(HttpMethod.Get, $"exec/{id}/json", "");
        return state.GetProperty("Running").GetBoolean() ? -1 : state.GetProperty("ExitCode").GetInt32();
    }

    /// <summary>The JSON that a GET answers.</summary>
    public JsonElement Get(string path) => Send(HttpMethod.Get, path, "");

    /// <summary>Follows a container's log, over a connection of its own.</summary>
    public Follower FollowLogs(string container)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"containers/{container}/logs?follow=1&stdout=1&stderr=1");
        return new Follower(http.Send(request, HttpCompletionOption.ResponseHeadersRead).Content.ReadAsStream());
    }

    /// <summary>The JSON that a POST answers.</summary>
    public JsonElement Post(string path, string body) => Send(HttpMethod.Post, path, body);

    JsonElement Send(HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body.Length > 0)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = http.Send(request);
        byte[] answer = response.Content.ReadAsByteArrayAsync().Result;
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{method} {path}: {response.StatusCode} {Encoding.UTF8.GetString(answer)}");
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
            return default;
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.Clone();
    }

    static string Json(string[] words) => JsonSerializer.Serialize(words);

    public void Dispose() => http.Dispose();
}

/// <summary>A stream that ends when what it tells of does.</summary>
public sealed class Follower(Stream stream)
{
    /// <summary>What comes next, as much as is there at once.</summary>
    public string ReadSome()
    {
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, stream.Read(buffer));
    }

    public string ReadToEnd()
    {
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
