// Engine API, section Image: build, and what builds left.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Build;
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Oci.Names;

namespace Skiff.Daemon.Docker;

/// <summary>The classic door: a tar comes in, text goes out.</summary>
internal sealed class BuildApi(Engine.Engine engine)
{
    // Their values are not known to Skiff, or mean something that it does not do.
    static readonly string[] Refused = ["squash", "cachefrom", "outputs"];

    internal IEnumerable<Route> Routes() => [new("POST", "build", BuildAsync), new("POST", "build/prune", PruneAsync)];

    async Task BuildAsync(ApiRequest request)
    {
        Check(request);
        var wanted = Request(request);
        if (request.Http.Request.ContentType == BuildContextBody.ContentType)
        {
            await new BuildEventsDoor(engine).BuildAsync(request, wanted);
            return;
        }
        bool quiet = request.Flag("q");
        using var context = await ContextAsync(request);
        if (request.Http.Request.Headers.ContainsKey(BuildEventsDoor.Header))
        {
            await BuildEventsDoor.RunAsync(engine, request, wanted, context);
            return;
        }
        await ProgressWriter.RunAsync(
            request,
            async report =>
            {
                var output = new ClassicOutput(text =>
                {
                    if (!quiet)
                        report(new ProgressMessage { Stream = text });
                });
                try
                {
                    var (image, unused, warnings) = await engine.Builds.BuildAsync(
                        wanted,
                        context,
                        happened =>
                        {
                            if (happened is BuildEvent.Pulling pulling && !quiet)
                                report(ProgressWriter.Of(pulling.Progress));
                            else
                                output.Report(happened);
                        },
                        request.Gone
                    );
                    output.Flush();
                    if (unused.Count > 0)
                        output.Write($"[Warning] One or more build-args [{string.Join(' ', unused)}] were not consumed\n");
                    foreach (var warning in warnings)
                        output.Write($"[Warning] {warning.Rule}: {warning.Message} (line {warning.Line})\n");
                    report(
                        new ProgressMessage
                        {
                            Aux = JsonSerializer.SerializeToElement(new BuildAux(image.Id.ToString()), DockerJson.Wire.BuildAux),
                        }
                    );
                    if (quiet)
                        report(new ProgressMessage { Stream = image.Id + "\n" });
                    output.Write($"Successfully built {image.Id.Hex[..12]}\n");
                    foreach (string tag in wanted.Tags)
                        output.Write($"Successfully tagged {Reference.Parse(tag).WithDefaultTag().Familiar}\n");
                }
                catch (StepFailedException failure)
                {
                    output.Flush();
                    if (failure.ImageBefore is { } before)
                        output.Write($" ---> The state before this step is image {before.Hex[..12]}: run it to look into it\n");
                    throw;
                }
            },
            lossless: true
        );
    }

    static void Check(ApiRequest request)
    {
        if (request.Query("version") == "2")
            throw EngineException.NotImplemented("builds by a session (version=2) go through /grpc");
        foreach (string name in Refused)
            if (request.Query(name) is { Length: > 0 } value && value is not ("false" or "0" or "[]" or "null"))
                throw EngineException.NotImplemented(
                    $"--{(name == "cachefrom" ? "cache-from" : name == "outputs" ? "output" : name)} is not supported by this way of building"
                );
    }

    static BuildRequest Request(ApiRequest request)
    {
        var auth = AuthConfigs(request);
        string network = request.Query("networkmode") is { Length: > 0 } mode ? mode : "default";
        return new BuildRequest
        {
            DockerfilePath = request.Query("dockerfile") is { Length: > 0 } path ? path : "Dockerfile",
            Tags = [.. request.QueryList("t").Where(t => t.Length > 0)],
            Arguments = Map(request, "buildargs"),
            Labels = Map(request, "labels"),
            Target = request.Query("target") ?? "",
            NoCache = request.Flag("nocache"),
            Secrets = Secrets(request),
            Pull = request.Flag("pull"),
            Platform = request.Query("platform") is { Length: > 0 } platform ? ImagesApi.PlatformOf(platform) : null,
            AllowHostNetwork = network == "host" || (request.Query("allow") ?? "").Split(',').Contains("network.host"),
            NamedImages = Map(request, "namedimages"),
            Host = new HostSettings
            {
                NetworkMode = network == "default" ? "bridge" : network,
                MemoryBytes = Long(request, "memory"),
                MemorySwapBytes = Long(request, "memswap"),
                CpuShares = Long(request, "cpushares"),
                CpuPeriodMicroseconds = Long(request, "cpuperiod"),
                CpuQuotaMicroseconds = Long(request, "cpuquota"),
                CpusetCpus = request.Query("cpusetcpus") ?? "",
                CpusetMems = request.Query("cpusetmems") ?? "",
                CgroupParent = request.Query("cgroupparent") is { Length: > 0 } parent ? parent : null,
                ShmSizeBytes = Long(request, "shmsize"),
                ExtraHosts = [.. request.QueryList("extrahosts").SelectMany(h => h.Split(',')).Where(h => h.Length > 0)],
                Ulimits =
                [
                    .. (Json(request, "ulimits", DockerJson.Wire.IReadOnlyListUlimitBody) ?? []).Select(u => new Ulimit(
                        u.Name ?? "",
                        u.Soft,
                        u.Hard
                    )),
                ],
            },
            Credentials = registry => auth.GetValueOrDefault(registry == "docker.io" ? "https://index.docker.io/v1/" : registry),
        };
    }

    /// <summary>Skiff's own: the client's secrets, where the body is a tar.</summary>
    static Dictionary<string, byte[]> Secrets(ApiRequest request)
    {
        string? header = request.Http.Request.Headers["X-Skiff-Secrets"];
        if (string.IsNullOrEmpty(header))
            return [];
        try
        {
            var map = JsonSerializer.Deserialize(Convert.FromBase64String(header), DockerJson.Wire.DictionaryStringString) ?? [];
            return map.ToDictionary(s => s.Key, s => Convert.FromBase64String(s.Value));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw EngineException.Invalid("X-Skiff-Secrets: " + e.Message);
        }
    }

    /// <summary>The body, or what the remote is the address of.</summary>
    async Task<BuildContext> ContextAsync(ApiRequest request)
    {
        if (request.Query("remote") is not { Length: > 0 } remote || remote == "client-session")
            return await engine.Builds.UnpackAsync(request.Http.Request.Body, request.Gone);
        if (
            !remote.StartsWith("http://", StringComparison.Ordinal) && !remote.StartsWith("https://", StringComparison.Ordinal)
            || remote.EndsWith(".git", StringComparison.Ordinal)
        )
            throw EngineException.NotImplemented(
                $"building from the git repository {remote} is not supported yet by this release of Skiff: clone it and build the directory"
            );
        await using var body = await engine.Images.FetchArchiveAsync(remote, _ => { }, request.Gone);
        return await engine.Builds.UnpackAsync(body, request.Gone);
    }

    async Task PruneAsync(ApiRequest request)
    {
        var filters = request.Filters("until", "id", "parent", "type", "description", "inuse", "shared", "private");
        foreach (string key in (string[])["id", "parent", "type", "description", "inuse", "shared", "private"])
            if (filters[key].Count > 0)
                throw EngineException.NotImplemented(
                    $"pruning what builds left by {key} is not supported by this release of Skiff"
                );
        DateTimeOffset? until = filters["until"] is [var text, ..] ? ApiTime.Parse(text) : null;
        long keep = Math.Max(
            Math.Max(Long(request, "keep-storage"), Long(request, "reserved-space")),
            Long(request, "max-used-space")
        );
        var (removed, bytes) = await Task.Run(() => engine.Builds.Prune(request.Flag("all"), until, keep), request.Gone);
        await request.AnswerAsync(
            new BuildPruneAnswer(removed.Count > 0 ? removed : null, bytes),
            DockerJson.Wire.BuildPruneAnswer
        );
    }

    /// <summary>What `system df` tells.</summary>
    internal static IReadOnlyList<BuildCacheBody> Usage(BuildService builds) =>
        [
            .. builds
                .Cached()
                .Select(e => new BuildCacheBody
                {
                    ID = e.Id[..25],
                    Type = "regular",
                    Description = e.Description,
                    InUse = e.InUse,
                    Shared = e.Shared,
                    Size = e.Size,
                    CreatedAt = DockerTime.Format(e.CreatedAt),
                    LastUsedAt = DockerTime.Format(e.LastUsedAt),
                    UsageCount = e.UsageCount,
                }),
        ];

    /// <summary>Without the names that have no value: an argument that the client's environment does not have.</summary>
    static Dictionary<string, string> Map(ApiRequest request, string name) =>
        (Json(request, name, DockerJson.Wire.DictionaryStringString) ?? [])
            .Where(a => a.Value is not null)
            .ToDictionary(a => a.Key, a => a.Value);

    static T? Json<T>(ApiRequest request, string name, JsonTypeInfo<T> type)
        where T : class
    {
        if (request.Query(name) is not { Length: > 0 } text)
            return null;
        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"error reading {name}: {e.Message}");
        }
    }

    static long Long(ApiRequest request, string name) =>
        request.Query(name) is not { Length: > 0 } text ? 0
        : long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out long number) ? number
        : throw EngineException.Invalid($"invalid value for {name}: \"{text}\"");

    /// <summary>By registry.</summary>
    static Dictionary<string, RegistryCredentials> AuthConfigs(ApiRequest request)
    {
        try
        {
            return AuthConfig
                .AllFromHeader(request.Http.Request.Headers["X-Registry-Config"])
                .Where(a => a.Value is not { Username: null, IdentityToken: null, RegistryToken: null })
                .ToDictionary(
                    a => a.Key,
                    a => new RegistryCredentials(a.Value.Username, a.Value.Password, a.Value.IdentityToken, a.Value.RegistryToken)
                );
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid(e.Message);
        }
    }
}
