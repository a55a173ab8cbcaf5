// Engine API, section Containers.
using System.Globalization;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Containers;
using Skiff.Oci.Names;

namespace Skiff.Daemon.Docker;

internal sealed class ContainersApi(Engine.Engine engine)
{
    readonly ContainerService containers = engine.Containers;

    // What changes a container goes on when its client goes: half a stop is worse than none.
    internal IEnumerable<Route> Routes() =>
        [
            new("GET", "containers/json", ListAsync),
            new("POST", "containers/create", CreateAsync),
            new("POST", "containers/prune", PruneAsync),
            new("GET", "containers/{id}/json", InspectAsync),
            new("POST", "containers/{id}/start", StartAsync),
            new(
                "POST",
                "containers/{id}/stop",
                r => DoneAsync(r, containers.StopAsync(Id(r), r.Query("signal"), r.Number("t"), default))
            ),
            new(
                "POST",
                "containers/{id}/restart",
                r => DoneAsync(r, containers.RestartAsync(Id(r), r.Query("signal"), r.Number("t"), default))
            ),
            new(
                "POST",
                "containers/{id}/kill",
                r => DoneAsync(r, containers.KillAsync(Id(r), r.Query("signal") is { Length: > 0 } s ? s : null, default))
            ),
            new("POST", "containers/{id}/pause", r => DoneAsync(r, containers.PauseAsync(Id(r), default))),
            new("POST", "containers/{id}/unpause", r => DoneAsync(r, containers.UnpauseAsync(Id(r), default))),
            new(
                "POST",
                "containers/{id}/rename",
                r => DoneAsync(r, containers.RenameAsync(Id(r), r.Query("name") ?? "", default))
            ),
            new("POST", "containers/{id}/update", UpdateAsync),
            new("DELETE", "containers/{id}", RemoveAsync),
            new("POST", "containers/{id}/wait", WaitAsync),
            new("POST", "containers/{id}/attach", r => Hijack.RunAsync(r, Attach(r))),
            new("GET", "containers/{id}/attach/ws", r => WebSocketAttach.RunAsync(r, () => Attach(r))),
            new("POST", "containers/{id}/resize", ResizeAsync),
            new("GET", "containers/{id}/logs", LogsAsync),
            new("GET", "containers/{id}/top", TopAsync),
        ];

    static string Id(ApiRequest request) => request.Path("id");

    static async Task DoneAsync(ApiRequest request, Task work)
    {
        await work;
        await request.NothingAsync();
    }

    async Task StartAsync(ApiRequest request)
    {
        if (request.Query("checkpoint") is { Length: > 0 })
            throw EngineException.NotImplemented("--checkpoint is not supported yet by this release of Skiff");
        await DoneAsync(request, containers.StartAsync(Id(request), default));
    }

    async Task CreateAsync(ApiRequest request)
    {
        var body = await request.ReadAsync(DockerJson.Wire.ContainerCreateBody);
        var platform = request.Query("platform") is { Length: > 0 } text ? ImagesApi.PlatformOf(text) : null;
        var (container, warnings) = await containers.CreateAsync(
            CreateMapping.ToEngine(body, request.Query("name"), platform),
            default
        );
        await request.AnswerAsync(
            new ContainerCreateAnswer { Id = container.Id, Warnings = warnings },
            DockerJson.Wire.ContainerCreateAnswer,
            201
        );
    }

    Task ListAsync(ApiRequest request)
    {
        var chosen = ContainerFilters.Choose(containers.List(), request, engine);
        return request.AnswerAsync(
            [.. chosen.Select(c => WithSizes(InspectMapping.Summary(c, request.Version, engine.Volumes.PathOf), c, request))],
            DockerJson.Wire.IReadOnlyListContainerSummary
        );
    }

    ContainerSummary WithSizes(ContainerSummary summary, Container container, ApiRequest request)
    {
        if (!request.Flag("size"))
            return summary;
        var (own, root) = engine.Files.Sizes(container);
        return summary with { SizeRw = own, SizeRootFs = root };
    }

    Task InspectAsync(ApiRequest request)
    {
        var container = containers.Get(Id(request));
        ContainerSizes? sizes = request.Flag("size") ? engine.Files.Sizes(container) : null;
        return request.AnswerAsync(
            InspectMapping.Inspect(
                container,
                engine.DirectoryOf(container.Id),
                engine.SnapshotOf(container.Id),
                engine.Volumes.PathOf
            ) with
            {
                AppArmorProfile = engine.AppArmorProfileOf(container),
                ExecIDs = containers.ExecsOf(container) is { Count: > 0 } execs ? execs : null,
                SizeRw = sizes?.Own,
                SizeRootFs = sizes?.Root,
            },
            DockerJson.Wire.ContainerInspect
        );
    }

    async Task UpdateAsync(ApiRequest request)
    {
        var body = await request.ReadAsync(DockerJson.Wire.ContainerUpdateBody);
        var warnings = await containers.UpdateAsync(Id(request), CreateMapping.Update(body), default);
        await request.AnswerAsync(new ContainerUpdateAnswer(warnings), DockerJson.Wire.ContainerUpdateAnswer);
    }

    async Task RemoveAsync(ApiRequest request)
    {
        if (request.Flag("link"))
            throw EngineException.NotImplemented("--link is not supported by this release of Skiff");
        await DoneAsync(request, containers.RemoveAsync(Id(request), request.Flag("force"), request.Flag("v"), default));
    }

    async Task PruneAsync(ApiRequest request)
    {
        var filters = request.Filters("until", "label", "label!");
        var until = filters["until"] is [var text, ..] ? ApiTime.Parse(text) : DateTimeOffset.MaxValue;
        var removed = new List<string>();
        ulong reclaimed = 0;
        foreach (var container in containers.List())
        {
            if (
                container.State.IsRunning
                || container.State.Status == ContainerStatus.Restarting
                || container.Created > until
                || !filters.MatchesLabels(container.Config.Labels)
            )
                continue;
            request.Gone.ThrowIfCancellationRequested();
            try
            {
                long own = engine.Files.Sizes(container).Own;
                await containers.RemoveAsync(container.Id, force: false, withVolumes: false, default);
                removed.Add(container.Id);
                reclaimed += (ulong)own;
            }
            catch (EngineException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.Conflict)
            {
                // Removed or started by someone else meanwhile.
            }
        }
        engine.Events.Pruned("container", reclaimed);
        await request.AnswerAsync(new ContainerPruneAnswer(removed, reclaimed), DockerJson.Wire.ContainerPruneAnswer);
    }

    async Task WaitAsync(ApiRequest request)
    {
        var condition = request.Query("condition") switch
        {
            null or "" or "not-running" => WaitCondition.NotRunning,
            "next-exit" => WaitCondition.NextExit,
            "removed" => WaitCondition.Removed,
            var other => throw EngineException.Invalid($"invalid condition: \"{other}\""),
        };
        var exit = containers.WaitAsync(Id(request), condition, request.Gone);
        // The client starts the container only after it has seen these headers.
        request.Http.Response.ContentType = "application/json";
        await request.Http.Response.StartAsync(request.Gone);
        await request.Http.Response.Body.FlushAsync(request.Gone);
        var ended = await exit;
        var answer = new ContainerWaitAnswer
        {
            StatusCode = ended.ExitCode,
            Error = ended.Error is { } error ? new ContainerWaitError(error) : null,
        };
        await System.Text.Json.JsonSerializer.SerializeAsync(
            request.Http.Response.Body,
            answer,
            DockerJson.Wire.ContainerWaitAnswer,
            request.Gone
        );
    }

    AttachSession Attach(ApiRequest request) =>
        containers.Attach(
            Id(request),
            new AttachRequest(
                request.Flag("stdin"),
                request.Flag("stdout"),
                request.Flag("stderr"),
                request.Flag("logs"),
                request.Flag("stream"),
                request.Query("detachKeys")
            )
        );

    async Task ResizeAsync(ApiRequest request)
    {
        await containers.ResizeAsync(Id(request), request.Size("h", "height"), request.Size("w", "width"), request.Gone);
        await request.NothingAsync(200);
    }

    async Task LogsAsync(ApiRequest request)
    {
        var container = containers.Get(Id(request));
        var wanted = new LogRequest
        {
            Stdout = request.Flag("stdout"),
            Stderr = request.Flag("stderr"),
            Follow = request.Flag("follow"),
            Since = ApiTime.ParseOptional(request.Query("since")),
            Until = ApiTime.ParseOptional(request.Query("until")),
            Tail = Tail(request.Query("tail")),
        };
        if (!wanted.Stdout && !wanted.Stderr)
            throw EngineException.Invalid("Bad parameters: you must choose at least one stream");
        bool details = request.Flag("details");
        bool timestamps = request.Flag("timestamps");
        var response = request.Http.Response;
        response.ContentType =
            container.Config.Tty || request.Version < new ApiVersion(1, 42)
                ? "application/vnd.docker.raw-stream"
                : "application/vnd.docker.multiplexed-stream";
        var lines = containers.LogsAsync(container.Id, wanted, request.Gone);
        await response.StartAsync(request.Gone);
        await response.Body.FlushAsync(request.Gone);
        var writer = new LogWriter(response.BodyWriter, multiplexed: !container.Config.Tty, timestamps, details);
        await foreach (var line in lines)
            await writer.WriteAsync(line, flush: wanted.Follow, request.Gone);
        await response.BodyWriter.FlushAsync(request.Gone);
    }

    static long? Tail(string? text) =>
        text is null or "" or "all" ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long lines)
            ? lines < 0 ? null
                : lines
        : null;

    async Task TopAsync(ApiRequest request)
    {
        // May wait for a program: not on a thread that others need.
        var (titles, rows) = await Task.Run(() => containers.Top(Id(request), request.Query("ps_args")));
        await request.AnswerAsync(
            new ContainerTopAnswer { Titles = titles, Processes = rows },
            DockerJson.Wire.ContainerTopAnswer
        );
    }
}
