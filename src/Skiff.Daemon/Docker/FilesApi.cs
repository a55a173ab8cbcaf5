// Engine API: a container's files from outside. Changes, export, commit, copying in and out.
using System.Text.Json;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal sealed class FilesApi(Engine.Engine engine)
{
    const string Tar = "application/x-tar";
    readonly ContainerFiles files = engine.Files;

    internal IEnumerable<Route> Routes() =>
        [
            new("GET", "containers/{id}/changes", ChangesAsync),
            new("GET", "containers/{id}/export", ExportAsync),
            new("HEAD", "containers/{id}/archive", StatusAsync),
            new("GET", "containers/{id}/archive", ReadAsync),
            new("PUT", "containers/{id}/archive", ExtractAsync),
            new("POST", "commit", CommitAsync),
        ];

    async Task ChangesAsync(ApiRequest request)
    {
        var changes = await files.ChangesAsync(request.Path("id"), request.Gone);
        await request.AnswerAsync(
            [.. changes.Select(c => new FilesystemChange(c.Path, (int)c.Kind))],
            DockerJson.Wire.IReadOnlyListFilesystemChange
        );
    }

    async Task ExportAsync(ApiRequest request)
    {
        engine.Containers.Get(request.Path("id"));
        request.Http.Response.ContentType = "application/octet-stream";
        await files.ExportAsync(request.Path("id"), request.Http.Response.Body, request.Gone);
    }

    async Task CommitAsync(ApiRequest request)
    {
        // Clients that have nothing to say send no body, "null" or "{}": what is not said is the container's.
        var body = request.HasBody ? await request.ReadOrNullAsync(DockerJson.Wire.ContainerCreateBody) : null;
        string repository = request.Query("repo") ?? "";
        string tag = request.Query("tag") ?? "";
        var image = await files.CommitAsync(
            request.Query("container") is { Length: > 0 } id ? id : throw EngineException.Invalid("no container to commit"),
            new CommitRequest
            {
                Reference = repository.Length > 0 && tag.Length > 0 ? $"{repository}:{tag}" : repository,
                Author = request.Query("author"),
                Comment = request.Query("comment"),
                Pause = request.Flag("pause", otherwise: true),
                Config = body is null ? null : CreateMapping.Config(body),
                Changes = [.. request.QueryList("changes")],
            },
            request.Gone
        );
        await request.AnswerAsync(new IdAnswer(image.Id.ToString()), DockerJson.Wire.IdAnswer, 201);
    }

    async Task StatusAsync(ApiRequest request)
    {
        var status = await files.StatusAsync(request.Path("id"), PathOf(request), request.Gone);
        Tell(request, status);
    }

    async Task ReadAsync(ApiRequest request)
    {
        using var archive = await files.ReadAsync(request.Path("id"), PathOf(request), request.Gone);
        Tell(request, archive.Status);
        request.Http.Response.ContentType = Tar;
        await archive.WriteAsync(request.Http.Response.Body, request.Gone);
    }

    async Task ExtractAsync(ApiRequest request)
    {
        await files.ExtractAsync(
            request.Path("id"),
            PathOf(request),
            request.Http.Request.Body,
            request.Flag("noOverwriteDirNonDir"),
            request.Flag("copyUIDGID"),
            request.Gone
        );
        await request.NothingAsync(200);
    }

    static string PathOf(ApiRequest request) =>
        request.Query("path") is { Length: > 0 } path
            ? path
            : throw EngineException.Invalid("bad parameter: 'path' cannot be empty");

    static void Tell(ApiRequest request, PathStatus status)
    {
        uint kind = status.Kind switch
        {
            PathKind.Directory => PathStat.Directory,
            PathKind.Symlink => PathStat.Symlink,
            PathKind.CharacterDevice => PathStat.Device | PathStat.CharacterDevice,
            PathKind.BlockDevice => PathStat.Device,
            PathKind.Fifo => PathStat.Fifo,
            PathKind.Socket => PathStat.Socket,
            _ => 0,
        };
        var stat = new PathStat(
            status.Name,
            status.Size,
            PathStat.GoMode(status.Mode, kind),
            DockerTime.Format(status.Modification),
            status.LinkTarget
        );
        request.Http.Response.Headers[PathStat.Header] = Convert.ToBase64String(
            JsonSerializer.SerializeToUtf8Bytes(stat, DockerJson.Wire.PathStat)
        );
    }
}
