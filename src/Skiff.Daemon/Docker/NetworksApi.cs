// Engine API, section Networks.
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
            new("POST", "networks/create", CreateAsync),
            new("POST", "networks/prune", PruneAsync),
            new("GET", "networks/{id}", InspectAsync),
            new("DELETE", "networks/{id}", RemoveAsync),
            new("POST", "networks/{id}/connect", ConnectAsync),
            new("POST", "networks/{id}/disconnect", DisconnectAsync),
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
            .Where(n => Any(filters["type"], t => t == (NetworkService.IsPredefined(n.Name) ? "builtin" : "custom")))
            .Where(n => Any(filters["dangling"], d => d is "false" or "0" == (NetworkService.IsPredefined(n.Name) || IsUsed(n))))
            .Where(n => filters.MatchesLabels(n.Labels));
        return request.AnswerAsync([.. networks.Select(n => Body(n, []))], DockerJson.Wire.IReadOnlyListNetworkBody);
    }

    Task InspectAsync(ApiRequest request)
    {
        string name = request.Path("id");
        var network = engine.Networks.Get(name);
        var connected = engine.Containers.List().Where(c => c.State.IsRunning && c.Endpoints.Any(e => e.NetworkId == network.Id));
        return request.AnswerAsync(Body(network, connected), DockerJson.Wire.NetworkBody);
    }

    async Task CreateAsync(ApiRequest request)
    {
        var body = await request.ReadAsync(DockerJson.Wire.NetworkCreateBody);
        Unsupported.Check(body);
        if (body.Driver is not ("" or "bridge" or "default"))
            throw body.Driver is "host" or "null" or "none"
                ? new EngineException(ErrorKind.Forbidden, $"only one instance of \"{body.Driver}\" network is allowed")
                : EngineException.NotFound($"plugin \"{body.Driver}\" not found");
        var network = await engine.Networks.CreateAsync(
            new NetworkCreate
            {
                Name = body.Name,
                Subnet = body.IPAM?.Config is [var config, ..]
                    ? new SubnetRequest(
                        config.Subnet,
                        config.IPRange,
                        config.Gateway,
                        config.AuxAddress ?? new Dictionary<string, string>()
                    )
                    : null,
                Internal = body.Internal,
                Attachable = body.Attachable,
                Labels = body.Labels ?? new Dictionary<string, string>(),
                Options = body.Options ?? new Dictionary<string, string>(),
            },
            default
        );
        await request.AnswerAsync(new NetworkCreateAnswer(network.Id, ""), DockerJson.Wire.NetworkCreateAnswer, 201);
    }

    async Task RemoveAsync(ApiRequest request)
    {
        await engine.Networks.RemoveAsync(request.Path("id"), default);
        await request.NothingAsync();
    }

    async Task ConnectAsync(ApiRequest request)
    {
        var body = await request.ReadAsync(DockerJson.Wire.NetworkConnectBody);
        Unsupported.Check(body.EndpointConfig);
        await engine.Connections.ConnectAsync(
            body.Container ?? "",
            CreateMapping.Endpoint(request.Path("id"), body.EndpointConfig),
            default
        );
        await request.NothingAsync(200);
    }

    async Task DisconnectAsync(ApiRequest request)
    {
        var body = await request.ReadAsync(DockerJson.Wire.NetworkDisconnectBody);
        await engine.Connections.DisconnectAsync(request.Path("id"), body.Container ?? "", body.Force, default);
        await request.NothingAsync(200);
    }

    async Task PruneAsync(ApiRequest request)
    {
        var filters = request.Filters("label", "label!", "until");
        var until = filters["until"].Count > 0 ? ApiTime.Parse(filters["until"][0]) : null as DateTimeOffset?;
        var removed = await engine.Networks.PruneAsync(
            n => !IsUsed(n) && filters.MatchesLabels(n.Labels) && (until is null || n.Created < until),
            default
        );
        engine.Events.Pruned("network", 0);
        await request.AnswerAsync(new NetworkPruneAnswer(removed), DockerJson.Wire.NetworkPruneAnswer);
    }

    /// <summary>A container is connected, or will be when it starts.</summary>
    bool IsUsed(Network network) =>
        engine.Containers.List().Any(c => c.Networks.Any(n => n.Network == network.Name || n.Network == network.Id));

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
                Options = NetworkService.IsPredefined(network.Name) ? null : new Dictionary<string, string>(),
                Config =
                [
                    .. network.Subnets.Select(s => new IpamConfig
                    {
                        Subnet = s.Cidr,
                        IPRange = s.Range,
                        Gateway = s.Gateway,
                        AuxAddress = s.Auxiliary.Count > 0 ? s.Auxiliary : null,
                    }),
                ],
            },
            Internal = network.Internal,
            Attachable = network.Attachable,
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
