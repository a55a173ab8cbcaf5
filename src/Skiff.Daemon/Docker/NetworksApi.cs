// Engine API, sections Networks and Volumes, as far as this release has them: looking.
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Containers;
using Skiff.Engine.Networks;

namespace Skiff.Daemon.Docker;

internal sealed class NetworksApi(Engine.Engine engine)
{
    internal IEnumerable<Route> Routes() =>
        [
            new("GET", "networks", ListAsync),
            new("GET", "networks/{id}", InspectAsync),
            new("GET", "volumes", r => r.AnswerAsync(new VolumeList([], null), DockerJson.Wire.VolumeList)),
        ];

    Task ListAsync(ApiRequest request)
    {
        var filters = request.Filters("dangling", "driver", "id", "label", "name", "scope", "type");
        var networks = engine
            .Networks.List()
            .Where(n => Any(filters["driver"], d => n.Driver == d))
            .Where(n => Any(filters["id"], id => n.Id.StartsWith(id, StringComparison.Ordinal)))
            .Where(n => Any(filters["name"], name => n.Name.Contains(name, StringComparison.Ordinal)))
            .Where(n => Any(filters["scope"], s => s == "local"))
            .Where(n => Any(filters["type"], t => t == "builtin"))
            .Where(n => Any(filters["dangling"], d => d is "false" or "0"))
            .Where(n => filters.MatchesLabels(n.Labels));
        return request.AnswerAsync([.. networks.Select(n => Body(n, []))], DockerJson.Wire.IReadOnlyListNetworkBody);
    }

    Task InspectAsync(ApiRequest request)
    {
        string name = request.Path("id");
        var network = engine.Networks.Find(name) ?? throw EngineException.NotFound($"network {name} not found");
        var connected = engine.Containers.List().Where(c => c.State.IsRunning && c.Endpoints.Any(e => e.NetworkId == network.Id));
        return request.AnswerAsync(Body(network, connected), DockerJson.Wire.NetworkBody);
    }

    static bool Any(IReadOnlyList<string> values, Func<string, bool> match) => values.Count == 0 || values.Any(match);

    static NetworkBody Body(Network network, IEnumerable<Container> connected) =>
        new()
        {
            Name = network.Name,
            Id = network.Id,
            Created = DockerTime.Format(network.Created),
            Driver = network.Driver is "none" ? "null" : network.Driver,
            EnableIPv4 = true,
            IPAM = new Ipam
            {
                Config = [.. network.Subnets.Select(s => new IpamConfig { Subnet = s.Cidr, Gateway = s.Gateway })],
            },
            Internal = network.Internal,
            Containers = connected.ToDictionary(
                c => c.Id,
                c =>
                {
                    var endpoint = c.Endpoints.First(e => e.NetworkId == network.Id);
                    return new NetworkEndpoint(
                        c.Name,
                        endpoint.EndpointId,
                        endpoint.MacAddress,
                        $"{endpoint.IPv4Address}/{endpoint.IPv4PrefixLength}",
                        ""
                    );
                }
            ),
            Options = network.Options,
            Labels = network.Labels,
        };
}
