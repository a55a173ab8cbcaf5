// Parts of the API that this release does not have: each says so by name.
using Skiff.Engine;

namespace Skiff.Daemon.Docker;

internal static class Absent
{
    internal static IEnumerable<Route> Routes()
    {
        foreach (string swarm in (string[])["swarm", "nodes", "services", "tasks", "secrets", "configs"])
        foreach (string method in (string[])["GET", "POST", "DELETE"])
        {
            yield return new Route(method, swarm, NoSwarm);
            yield return new Route(method, swarm + "/{rest*}", NoSwarm);
        }
        yield return new Route(
            "GET",
            "plugins",
            r => r.AnswerAsync<IReadOnlyList<string>>([], Skiff.Docker.DockerJson.Wire.IReadOnlyListString)
        );
        foreach (var (method, pattern, what) in NotYet)
            yield return new Route(
                method,
                pattern,
                _ => throw EngineException.NotImplemented($"{what} is not supported yet by this release of Skiff")
            );
    }

    static readonly (string Method, string Pattern, string What)[] NotYet =
    [
        ("POST", "session", "building by a session: use DOCKER_BUILDKIT=0 or skiff build; it"),
        ("POST", "grpc", "building by BuildKit's protocol: use DOCKER_BUILDKIT=0 or skiff build; it"),
        ("GET", "images/search", "searching for images"),
    ];

    static Task NoSwarm(ApiRequest request) =>
        throw new EngineException(
            ErrorKind.Unavailable,
            "This node is not a swarm manager. Skiff has no swarm: run containers on this engine directly."
        );
}
