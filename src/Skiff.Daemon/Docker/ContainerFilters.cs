// Which containers a list shows: ps's -a, -n and all its filters.
using System.Globalization;
using System.Text.RegularExpressions;
using Skiff.Engine;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal static class ContainerFilters
{
    /// <exception cref="EngineException">InvalidParameter: a filter or its value is wrong</exception>
    internal static IEnumerable<Container> Choose(IReadOnlyList<Container> all, ApiRequest request, Engine.Engine engine)
    {
        var filters = request.Filters(
            "ancestor",
            "before",
            "since",
            "exited",
            "id",
            "label",
            "label!",
            "name",
            "network",
            "status",
            "volume",
            "health",
            "expose",
            "publish",
            "is-task",
            "isolation"
        );
        foreach (string absent in (string[])["health", "expose", "publish", "is-task", "isolation", "volume"])
            if (filters.Has(absent))
                throw EngineException.NotImplemented($"--filter {absent} is not supported yet by this release of Skiff");
        int limit = request.Number("limit") ?? -1;
        bool showAll = request.Flag("all") || limit > 0 || filters.Has("status") || filters.Has("exited");
        var statuses = filters["status"];
        foreach (string status in statuses)
            if (status is not ("created" or "running" or "paused" or "restarting" or "removing" or "exited" or "dead"))
                throw EngineException.Invalid($"invalid filter 'status={status}'");
        var exits = filters["exited"]
            .Select(e =>
                int.TryParse(e, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code)
                    ? code
                    : throw EngineException.Invalid($"invalid filter 'exited={e}'")
            )
            .ToList();
        var before = filters["before"] is [var b, ..] ? engine.Containers.Get(b).Created : DateTimeOffset.MaxValue;
        var since = filters["since"] is [var s, ..] ? engine.Containers.Get(s).Created : DateTimeOffset.MinValue;
        var ancestors = filters["ancestor"].Select(a => engine.Images.Find(a)?.Id).ToList();

        var chosen = all.Where(c => showAll || c.State.IsRunning)
            .Where(c => statuses.Count == 0 || statuses.Contains(InspectMapping.StatusWord(c.State.Status)))
            .Where(c => exits.Count == 0 || (c.State.Status == ContainerStatus.Exited && exits.Contains(c.State.ExitCode)))
            .Where(c => Any(filters["id"], id => c.Id.StartsWith(id, StringComparison.Ordinal)))
            .Where(c => Any(filters["name"], name => NameMatches(c, name)))
            .Where(c =>
                Any(
                    filters["network"],
                    n =>
                        c.Endpoints.Any(e => e.NetworkName == n || e.NetworkId.StartsWith(n, StringComparison.Ordinal))
                        || c.Host.NetworkMode == n
                )
            )
            .Where(c =>
                filters["ancestor"].Count == 0 || ancestors.Contains(c.ImageId) || filters["ancestor"].Contains(c.ImageName)
            )
            .Where(c => filters.MatchesLabels(c.Config.Labels))
            .Where(c => c.Created < before && c.Created > since);
        return limit > 0 ? chosen.Take(limit) : chosen;
    }

    static bool Any(IReadOnlyList<string> values, Func<string, bool> match) => values.Count == 0 || values.Any(match);

    /// <summary>Docker takes a name filter as a regular expression over "/name" and "name".</summary>
    static bool NameMatches(Container container, string pattern)
    {
        try
        {
            var expression = new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(50));
            return expression.IsMatch(container.Name) || expression.IsMatch("/" + container.Name);
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            throw EngineException.Invalid($"invalid filter 'name={pattern}'");
        }
    }
}
