// One line of the API's table: a method, a pattern, and what answers.
namespace Skiff.Daemon.Docker;

/// <summary>
/// Patterns are segments: "containers", "{id}" (one segment), "{name*}" (one or more: image names hold slashes).
/// </summary>
internal sealed class Route(string method, string pattern, Func<ApiRequest, Task> handler)
{
    readonly string[] segments = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);

    internal Func<ApiRequest, Task> Handler { get; } = handler;

    /// <summary>The values of the pattern's names, or null if the path is another's.</summary>
    internal Dictionary<string, string>? Match(string requestMethod, string[] path)
    {
        if (requestMethod != method || path.Length < segments.Length)
            return null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        int at = 0;
        for (int i = 0; i < segments.Length; i++)
        {
            string segment = segments[i];
            if (segment is not ['{', .., '}'])
            {
                if (path[at++] != segment)
                    return null;
                continue;
            }
            int take = segment[^2] == '*' ? path.Length - at - (segments.Length - i - 1) : 1;
            if (take < 1)
                return null;
            values[segment.Trim('{', '}', '*')] = string.Join('/', path, at, take);
            at += take;
        }
        return at == path.Length ? values : null;
    }
}
