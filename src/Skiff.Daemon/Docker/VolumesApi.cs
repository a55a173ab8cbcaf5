// Engine API, section Volumes.
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Volumes;

namespace Skiff.Daemon.Docker;

internal sealed class VolumesApi(Engine.Engine engine)
{
    /// <summary>From here on prune leaves volumes with a name alone unless it is told otherwise.</summary>
    static readonly ApiVersion NamesAreKept = new(1, 42);

    readonly VolumeService volumes = engine.Volumes;

    internal IEnumerable<Route> Routes() =>
        [
            new("GET", "volumes", ListAsync),
            new("POST", "volumes/create", CreateAsync),
            new("POST", "volumes/prune", PruneAsync),
            new("GET", "volumes/{name}", r => r.AnswerAsync(Body(volumes.Get(r.Path("name"))), DockerJson.Wire.VolumeBody)),
            new("DELETE", "volumes/{name}", RemoveAsync),
        ];

    Task ListAsync(ApiRequest request)
    {
        var filters = request.Filters("dangling", "driver", "label", "name");
        bool? dangling = filters["dangling"] is [var d, ..] ? d is "true" or "1" : null;
        var chosen = volumes
            .List()
            .Where(v => Any(filters["driver"], driver => driver == "local"))
            .Where(v => Any(filters["name"], name => v.Name.Contains(name, StringComparison.Ordinal)))
            .Where(v => filters.MatchesLabels(v.Labels))
            .Where(v => dangling is null || dangling == (volumes.UsersOf(v).Count == 0));
        return request.AnswerAsync(new VolumeList([.. chosen.Select(Body)], null), DockerJson.Wire.VolumeList);
    }

    async Task CreateAsync(ApiRequest request)
    {
        var body = request.HasBody ? await request.ReadAsync(DockerJson.Wire.VolumeCreateBody) : new VolumeCreateBody();
        var none = new Dictionary<string, string>();
        var volume = volumes.Create(
            new VolumeCreate(body.Name ?? "", body.Driver ?? "", body.DriverOpts ?? none, body.Labels ?? none)
        );
        await request.AnswerAsync(Body(volume), DockerJson.Wire.VolumeBody, 201);
    }

    async Task RemoveAsync(ApiRequest request)
    {
        string name = request.Path("name");
        bool force = request.Flag("force");
        // A volume can hold many files: not on a thread that others need.
        await Task.Run(() => volumes.Remove(name, force));
        await request.NothingAsync();
    }

    async Task PruneAsync(ApiRequest request)
    {
        var filters = request.Filters("all", "label", "label!");
        bool all = request.Version < NamesAreKept || filters["all"] is ["true" or "1", ..];
        var (removed, bytes) = await Task.Run(
            () => volumes.Prune(v => (all || v.IsAnonymous) && filters.MatchesLabels(v.Labels), request.Gone),
            request.Gone
        );
        await request.AnswerAsync(new VolumePruneAnswer(removed, bytes), DockerJson.Wire.VolumePruneAnswer);
    }

    /// <summary>With the bytes of each, which takes a walk over all files.</summary>
    internal IReadOnlyList<VolumeBody> Usage(CancellationToken cancellation) =>
        [
            .. volumes
                .List()
                .Select(v =>
                    Body(v) with
                    {
                        UsageData = new VolumeUsage(volumes.UsersOf(v).Count, volumes.Bytes(v, cancellation)),
                    }
                ),
        ];

    VolumeBody Body(Volume volume) =>
        new()
        {
            CreatedAt = volume.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null),
            Labels = volume.Labels.Count > 0 ? volume.Labels : null,
            Mountpoint = volumes.PathOf(volume.Name),
            Name = volume.Name,
            Options = volume.Options.Count > 0 ? volume.Options : null,
        };

    static bool Any(IReadOnlyList<string> values, Func<string, bool> match) => values.Count == 0 || values.Any(match);
}
