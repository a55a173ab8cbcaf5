// What a registry has under a name, without pulling it: its descriptor, its platforms, its tags.
using System.Net.Http;
using System.Text.Json;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>Asks the places that a pull would ask, in the same order.</summary>
internal sealed class Inspector(Hosts hosts)
{
    const int MaxTags = 100_000;
    const int MaxListBytes = 8 << 20;

    /// <summary>The document that a name leads to, and the platforms it offers.</summary>
    /// <exception cref="EngineException">as for a pull</exception>
    public Task<(Descriptor Descriptor, IReadOnlyList<Platform> Platforms)> LookAsync(
        Reference name,
        RegistryCredentials? credentials,
        CancellationToken cancellation
    )
    {
        name = name.WithDefaultTag();
        return AskAsync(
            name,
            credentials,
            async client =>
            {
                var top = await client.ManifestAsync(name.Digest?.ToString() ?? name.Tag!, name.Digest, size: null, cancellation);
                if (top.Document.Index is { } index)
                    return (
                        top.Descriptor,
                        (IReadOnlyList<Platform>)[.. index.Manifests.Select(m => m.Platform).OfType<Platform>()]
                    );
                var config = top.Document.Manifest!.Config;
                if (!MediaTypes.IsConfig(config.MediaType) || config.Size > ContentStore.MaxDocumentBytes)
                    return (top.Descriptor, []);
                return (top.Descriptor, Platforms(await Puller.DownloadAsync(client, config, cancellation)));
            },
            cancellation
        );
    }

    /// <summary>Every tag of a repository. end-8, page by page.</summary>
    /// <exception cref="EngineException">as for a pull</exception>
    public Task<IReadOnlyList<string>> TagsAsync(
        Reference name,
        RegistryCredentials? credentials,
        CancellationToken cancellation
    ) =>
        AskAsync<IReadOnlyList<string>>(
            name,
            credentials,
            async client =>
            {
                var tags = new List<string>();
                Uri? page = client.TagsAddress;
                using var idle = new IdleLimit(client.Policy.IdleTimeout, cancellation);
                while (page is not null)
                {
                    using var response = await client.SendAsync(
                        page,
                        address => new HttpRequestMessage(HttpMethod.Get, address),
                        idle,
                        cancellation
                    );
                    if (!response.IsSuccessStatusCode)
                        throw await RegistryClient.FailureAsync(response, RegistryError.NameUnknown, idle.Token);
                    byte[] bytes = await RegistryClient.ReadBoundedAsync(response, MaxListBytes, idle.Token);
                    var found = Tags(bytes);
                    tags.AddRange(found.Where(t => Reference.IsTag(t)));
                    // A registry that repeats itself must not keep us for ever.
                    page = found.Count == 0 || tags.Count > MaxTags ? null : Next(response, page);
                }
                return tags.Count <= MaxTags
                    ? tags
                    : throw new RegistryException(RegistryFailure.BadContent, $"the repository has more than {MaxTags} tags");
            },
            cancellation
        );

    async Task<T> AskAsync<T>(
        Reference name,
        RegistryCredentials? credentials,
        Func<RegistryClient, Task<T>> ask,
        CancellationToken cancellation
    )
    {
        var failures = new List<(Endpoint Endpoint, RegistryException Failure)>();
        foreach (var endpoint in await hosts.ForAsync(name, push: false, cancellation))
            try
            {
                return await ask(new RegistryClient(hosts, endpoint, credentials, new Scope(name.Path, Push: false)));
            }
            catch (RegistryException failure) when (!cancellation.IsCancellationRequested)
            {
                failures.Add((endpoint, failure));
                if (!endpoint.IsMirror && failure.Failure != RegistryFailure.Unreachable)
                    break;
            }
        cancellation.ThrowIfCancellationRequested();
        throw PullFailure.Explain(name, failures);
    }

    static IReadOnlyList<Platform> Platforms(byte[] config)
    {
        try
        {
            return JsonSerializer.Deserialize(config, OciJson.Default.Platform) is { OS: not null, Architecture: not null } found
                ? [found]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    static IReadOnlyList<string> Tags(byte[] list)
    {
        try
        {
            return JsonSerializer.Deserialize(list, DistributionJson.Default.TagList)?.Tags ?? [];
        }
        catch (JsonException failure)
        {
            throw new RegistryException(
                RegistryFailure.BadContent,
                $"the registry sent no list of tags: {RegistryError.Clean(failure.Message)}",
                inner: failure
            );
        }
    }

    // Link: </v2/name/tags/list?n=100&last=x>; rel="next". RFC 8288.
    static Uri? Next(HttpResponseMessage response, Uri page)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
            return null;
        foreach (string link in links)
        {
            int start = link.IndexOf('<', StringComparison.Ordinal);
            int end = link.IndexOf('>', StringComparison.Ordinal);
            if (
                start >= 0
                && end > start
                && link[end..].Contains("next", StringComparison.OrdinalIgnoreCase)
                && Uri.TryCreate(page, link[(start + 1)..end], out var next)
                && next.Host == page.Host
                && next != page
            )
                return next;
        }
        return null;
    }
}
