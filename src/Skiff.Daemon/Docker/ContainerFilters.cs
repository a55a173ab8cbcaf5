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
        int limit = request.Number("limit") ?? -1;
        bool showAll = request.Flag("all") || limit > 0 || filters.Has("status") || filters.Has("exited");
        var statuses = filters["status"];
        OneOf("status", "state", statuses, "created", "running", "paused", "restarting", "removing", "exited", "dead");
        OneOf("health", "health", filters["health"], "none", "starting", "healthy", "unhealthy");
        foreach (string text in filters["is-task"])
            if (text is not ("true" or "false" or "1" or "0"))
                throw EngineException.Invalid($"invalid filter 'is-task=[{text}]'");
        // Tasks are a swarm's.
        if (filters["is-task"].Any(t => t is "true" or "1"))
            return [];
        var exits = filters["exited"]
            .Select(e =>
                int.TryParse(e, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code)
                    ? code
                    : throw EngineException.Invalid($"invalid filter 'exited={e}': strconv.Atoi: parsing \"{e}\": invalid syntax")
            )
            .ToList();
        var exposed = filters["expose"].Select(e => PortRange.Parse("expose", e)).ToList();
        var published = filters["publish"].Select(p => PortRange.Parse("publish", p)).ToList();
        var before = filters["before"] is [var b, ..] ? engine.Containers.Get(b).Created : DateTimeOffset.MaxValue;
        var since = filters["since"] is [var s, ..] ? engine.Containers.Get(s).Created : DateTimeOffset.MinValue;
        var ancestors = filters["ancestor"].Select(a => engine.Images.Find(a)?.Id).ToList();

        var chosen = all.Where(c => showAll || c.State.IsRunning || c.State.Status == ContainerStatus.Restarting)
            .Where(c => statuses.Count == 0 || statuses.Contains(InspectMapping.StatusWord(c.State.Status)))
            .Where(c => exits.Count == 0 || (c.State.Status == ContainerStatus.Exited && exits.Contains(c.State.ExitCode)))
            .Where(c => Any(filters["id"], id => c.Id.StartsWith(id, StringComparison.Ordinal)))
            .Where(c => Any(filters["name"], name => NameMatches(c, name)))
            .Where(c =>
                Any(
                    filters["network"],
                    n =>
                        c.Endpoints.Any(e => e.NetworkName == n || e.NetworkId.StartsWith(n, StringComparison.Ordinal))
                        || c.Networks.Any(r => r.Network == (engine.Networks.Find(n)?.Name ?? n))
                        || c.Host.NetworkMode == n
                )
            )
            .Where(c => Any(filters["health"], health => InspectMapping.HealthWord(c) == health))
            .Where(c => Any(exposed, range => InspectMapping.Ports(c).Any(p => range.Holds(p.PrivatePort, p.Type))))
            .Where(c => Any(published, range => InspectMapping.Ports(c).Any(p => range.Holds(p.PublicPort, p.Type))))
            .Where(c => Any(filters["volume"], v => c.MountPoints.Any(m => m.Source == v || m.Target == v)))
            .Where(c =>
                filters["ancestor"].Count == 0 || ancestors.Contains(c.ImageId) || filters["ancestor"].Contains(c.ImageName)
            )
            .Where(c => filters.MatchesLabels(c.Config.Labels))
            .Where(c => c.Created < before && c.Created > since);
        return limit > 0 ? chosen.Take(limit) : chosen;
    }

    static bool Any<T>(IReadOnlyList<T> values, Func<T, bool> match) => values.Count == 0 || values.Any(match);

    static void OneOf(string filter, string what, IReadOnlyList<string> values, params string[] known)
    {
        foreach (string value in values)
            if (!known.Contains(value))
                throw EngineException.Invalid(
                    $"invalid filter '{filter}={value}': invalid value for {what} ({value}): must be one of {string.Join(", ", known)}"
                );
    }

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

    /// <summary>"80", "80/udp", "8000-8080/tcp".</summary>
    readonly record struct PortRange(int First, int Last, string Protocol)
    {
        internal static PortRange Parse(string filter, string text)
        {
            string[] parts = text.Split('/');
            string[] ends = parts[0].Split('-');
            return
                parts.Length <= 2
                && ends.Length <= 2
                && ushort.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
                && ushort.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort last)
                && first <= last
                ? new PortRange(first, last, parts.Length > 1 ? parts[1] : "tcp")
                : throw EngineException.Invalid($"invalid filter '{filter}={text}'");
        }

        internal bool Holds(int port, string protocol) => port >= First && port <= Last && port > 0 && protocol == Protocol;
    }
}
