// Engine API, section Images.
using System.Text.Json;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Daemon.Docker;

internal sealed class ImagesApi(Engine.Engine engine)
{
    readonly ImageService images = engine.Images;

    internal IEnumerable<Route> Routes() =>
        [
            new("GET", "images/json", ListAsync),
            new("POST", "images/create", CreateAsync),
            new("POST", "images/load", LoadAsync),
            new("GET", "images/get", r => SaveAsync(r, [.. r.QueryList("names")])),
            new("POST", "images/prune", PruneAsync),
            new("GET", "images/{name*}/json", InspectAsync),
            new("GET", "images/{name*}/history", HistoryAsync),
            new("GET", "images/{name*}/get", r => SaveAsync(r, [r.Path("name")])),
            new("POST", "images/{name*}/push", PushAsync),
            new("POST", "images/{name*}/tag", TagAsync),
            new("DELETE", "images/{name*}", RemoveAsync),
            new("GET", "distribution/{name*}/json", LookAsync),
        ];

    Task ListAsync(ApiRequest request)
    {
        var filters = request.Filters("dangling", "label", "label!", "before", "since", "reference", "until");
        var all = images.List();
        var before = filters["before"] is [var b, ..]
            ? Get(b).Config.Created ?? DateTimeOffset.MinValue
            : DateTimeOffset.MaxValue;
        var since = filters["since"] is [var s, ..] ? Get(s).Config.Created ?? DateTimeOffset.MinValue : DateTimeOffset.MinValue;
        var until = filters["until"] is [var u, ..] ? ApiTime.Parse(u) : DateTimeOffset.MaxValue;
        bool? dangling = filters["dangling"] is [var d, ..] ? d is "true" or "1" : null;
        var shown = all.Where(i => dangling is null || dangling == (i.Tags.Count == 0))
            .Where(i => filters.MatchesLabels(i.Config.Config?.Labels))
            .Where(i =>
                (i.Config.Created ?? DateTimeOffset.MinValue) < before
                && (since == DateTimeOffset.MinValue || i.Config.Created > since)
            )
            .Where(i => (i.Config.Created ?? DateTimeOffset.MinValue) < until)
            .Where(i =>
                filters["reference"].Count == 0 || i.Tags.Any(t => filters["reference"].Any(p => ReferencePattern.Matches(p, t)))
            )
            .OrderByDescending(i => i.Config.Created ?? DateTimeOffset.MinValue);
        return request.AnswerAsync(
            [.. shown.Select(i => ImageMapping.Summary(i, request.Version))],
            DockerJson.Wire.IReadOnlyListImageSummary
        );
    }

    Image Get(string name) => images.Find(name) ?? throw EngineException.NotFound($"No such image: {Display(name)}");

    static string Display(string name) =>
        Reference.TryParse(name, out var reference) ? reference.WithDefaultTag().Familiar : name;

    Task InspectAsync(ApiRequest request) =>
        request.AnswerAsync(ImageMapping.Inspect(Get(request.Path("name")), request.Version), DockerJson.Wire.ImageInspect);

    Task HistoryAsync(ApiRequest request) =>
        request.AnswerAsync(ImageMapping.History(Get(request.Path("name"))), DockerJson.Wire.IReadOnlyListImageHistoryItem);

    Task CreateAsync(ApiRequest request)
    {
        if (request.Query("fromSrc") is { Length: > 0 } source)
            return ImportAsync(request, source);
        string name = request.Query("fromImage") is { Length: > 0 } given
            ? given
            : throw EngineException.Invalid("no image to pull: fromImage is missing");
        var reference = Reference.Parse(name);
        if (request.Query("tag") is { Length: > 0 } tag)
            reference = tag.Contains(':', StringComparison.Ordinal)
                ? reference.WithDigest(Digest.Parse(tag))
                : reference.WithTag(tag);
        var platform = request.Query("platform") is { Length: > 0 } text ? PlatformOf(text) : null;
        var credentials = Credentials(request);
        return ProgressWriter.RunAsync(
            request,
            // A name without a tag stands for all its tags.
            report =>
                reference.IsNameOnly
                    ? images.PullAllTagsAsync(
                        reference.ToString(),
                        platform,
                        credentials,
                        p => report(ProgressWriter.Of(p)),
                        request.Gone
                    )
                    : images.PullAsync(
                        reference.ToString(),
                        platform,
                        credentials,
                        p => report(ProgressWriter.Of(p)),
                        request.Gone
                    )
        );
    }

    async Task LookAsync(ApiRequest request)
    {
        var (descriptor, platforms) = await images.LookIntoRegistryAsync(
            Reference.Parse(request.Path("name")).ToString(),
            Credentials(request),
            request.Gone
        );
        await request.AnswerAsync(new DistributionInspect(descriptor, platforms), DockerJson.Wire.DistributionInspect);
    }

    Task ImportAsync(ApiRequest request, string source)
    {
        string? name = request.Query("repo") is { Length: > 0 } repo ? repo : null;
        if (name is not null && request.Query("tag") is { Length: > 0 } tag)
            name = $"{name}:{tag}";
        var platform = request.Query("platform") is { Length: > 0 } text ? PlatformOf(text) : null;
        return ProgressWriter.RunAsync(
            request,
            async report =>
            {
                await using var fetched =
                    source == "-"
                        ? null
                        : await images.FetchArchiveAsync(source, p => report(ProgressWriter.Of(p)), request.Gone);
                var image = await images.ImportAsync(
                    fetched ?? request.Http.Request.Body,
                    source,
                    name,
                    request.Query("message"),
                    [.. request.QueryList("changes")],
                    platform,
                    request.Gone
                );
                report(new ProgressMessage { Status = image.Id.ToString() });
            }
        );
    }

    Task LoadAsync(ApiRequest request)
    {
        var platform = JsonPlatform(request);
        return ProgressWriter.RunAsync(
            request,
            async report =>
            {
                bool quiet = request.Flag("quiet", otherwise: true);
                var loaded = await images.LoadAsync(
                    request.Http.Request.Body,
                    platform,
                    p =>
                    {
                        if (!quiet)
                            report(ProgressWriter.Of(p));
                    },
                    request.Gone
                );
                foreach (string name in loaded)
                    report(
                        new ProgressMessage
                        {
                            Stream = name.StartsWith("sha256:", StringComparison.Ordinal)
                                ? $"Loaded image ID: {name}\n"
                                : $"Loaded image: {name}\n",
                        }
                    );
            }
        );
    }

    async Task SaveAsync(ApiRequest request, IReadOnlyList<string> names)
    {
        var platform = JsonPlatform(request);
        if (names.Count == 0)
            throw EngineException.Invalid("no image to save");
        foreach (string name in names)
            Get(name);
        request.Http.Response.ContentType = "application/x-tar";
        await images.SaveAsync(names, platform, request.Http.Response.Body, request.Gone);
    }

    Task PushAsync(ApiRequest request)
    {
        var platform = JsonPlatform(request);
        var reference = Reference.Parse(request.Path("name"));
        if (request.Query("tag") is { Length: > 0 } tag)
            reference = reference.WithTag(tag);
        var credentials = Credentials(request);
        return ProgressWriter.RunAsync(
            request,
            async report =>
            {
                // A name without a tag stands for all its tags.
                var tags = reference.IsNameOnly ? images.TagsOf(reference.ToString()) : [reference.Tag ?? ""];
                foreach (string each in tags)
                {
                    var (digest, size) = await images.PushAsync(
                        (reference.IsNameOnly ? reference.WithTag(each) : reference).ToString(),
                        platform,
                        credentials,
                        p => report(ProgressWriter.Of(p)),
                        request.Gone
                    );
                    var aux = JsonSerializer.SerializeToElement(
                        new PushResult(each, digest.ToString(), size),
                        DockerJson.Wire.PushResult
                    );
                    report(new ProgressMessage { ProgressDetail = new ProgressDetail(), Aux = aux });
                }
            }
        );
    }

    async Task TagAsync(ApiRequest request)
    {
        string repository = request.Query("repo") is { Length: > 0 } repo
            ? repo
            : throw EngineException.Invalid("no repository to tag");
        var reference = Reference.Parse(repository);
        if (request.Query("tag") is { Length: > 0 } tag)
            reference = reference.WithTag(tag);
        await images.TagAsync(request.Path("name"), reference.WithDefaultTag().ToString(), request.Gone);
        await request.NothingAsync(201);
    }

    async Task RemoveAsync(ApiRequest request)
    {
        if (request.Flag("noprune"))
            throw EngineException.NotImplemented("rmi --no-prune is not supported by this release of Skiff");
        var removal = await images.RemoveAsync(
            request.Path("name"),
            request.Flag("force"),
            engine.Containers.UserOf,
            request.Gone
        );
        await request.AnswerAsync(Items(removal), DockerJson.Wire.IReadOnlyListImageDeleteItem);
    }

    static IReadOnlyList<ImageDeleteItem> Items(ImageRemoval removal) =>
        [
            .. removal.Untagged.Select(u => new ImageDeleteItem { Untagged = u }),
            .. removal.Deleted.Select(d => new ImageDeleteItem { Deleted = d.ToString() }),
        ];

    async Task PruneAsync(ApiRequest request)
    {
        var filters = request.Filters("dangling", "label", "label!", "until");
        bool dangling = filters["dangling"] is not [var d, ..] || d is "true" or "1";
        var until = filters["until"] is [var text, ..] ? ApiTime.Parse(text) : DateTimeOffset.MaxValue;
        var items = new List<ImageDeleteItem>();
        ulong reclaimed = 0;
        foreach (var image in images.List())
        {
            if ((dangling && image.Tags.Count > 0) || engine.Containers.UserOf(image.Id) is not null)
                continue;
            if (!filters.MatchesLabels(image.Config.Config?.Labels) || image.Config.Created > until)
                continue;
            var removal = await images.RemoveAsync(image.Id.ToString(), force: true, engine.Containers.UserOf, request.Gone);
            items.AddRange(Items(removal));
            reclaimed += removal.Deleted.Count > 0 ? (ulong)image.Size : 0;
        }
        engine.Events.Pruned("image", reclaimed);
        await request.AnswerAsync(new ImagePruneAnswer(items, reclaimed), DockerJson.Wire.ImagePruneAnswer);
    }

    // As JSON since it was added to these calls; null where it is not given.
    static Platform? JsonPlatform(ApiRequest request)
    {
        if (request.Query("platform") is not { Length: > 0 } text)
            return null;
        try
        {
            if (JsonSerializer.Deserialize(text, DockerJson.Wire.Platform) is { OS: not null, Architecture: not null } platform)
                return platform;
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw EngineException.Invalid($"invalid platform: {text}");
    }

    /// <exception cref="EngineException">InvalidParameter: no platform</exception>
    internal static Platform PlatformOf(string text)
    {
        if (text.StartsWith('{'))
            throw EngineException.Invalid($"invalid platform \"{text}\"");
        string[] parts = text.Split('/');
        return parts.Length is 1 or 2 or 3 && parts.All(p => p.Length > 0)
            ? new Platform
            {
                OS = parts.Length == 1 ? "linux" : parts[0],
                Architecture = parts.Length == 1 ? parts[0] : parts[1],
                Variant = parts.Length == 3 ? parts[2] : null,
            }
            : throw EngineException.Invalid($"invalid platform \"{text}\"");
    }

    static RegistryCredentials? Credentials(ApiRequest request)
    {
        try
        {
            var auth = AuthConfig.FromHeader(request.Http.Request.Headers["X-Registry-Auth"]);
            return auth is { Username: null, IdentityToken: null, RegistryToken: null }
                ? null
                : new RegistryCredentials(auth.Username, auth.Password, auth.IdentityToken, auth.RegistryToken);
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid(e.Message);
        }
    }
}
