// skiff network connect and disconnect: a container, running or not, and a network.
using Skiff.Cli.Options;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class NetworkConnectCommand : Command
{
    readonly ListFlag alias,
        driverOption,
        link,
        linkLocal;
    readonly StringFlag ip,
        ip6;
    readonly IntegerFlag priority;

    public NetworkConnectCommand()
    {
        alias = Flags.List("alias", "A further name on the network", kind: "strings");
        driverOption = Flags.List("driver-opt", "Options of the network's driver", kind: "strings");
        priority = Flags.Integer("gw-priority", "The highest of a container gives the default route");
        ip = Flags.String("ip", "The address on the network (172.30.100.104)");
        ip6 = Flags.String("ip6", "The IPv6 address on the network");
        link = Flags.List("link", "Another container and a name for it", kind: "list");
        linkLocal = Flags.List("link-local-ip", "A link-local address", kind: "strings");
    }

    public override string Usage => "[OPTIONS] NETWORK CONTAINER";
    public override string Summary => "Connect a container to a network";
    public override IReadOnlyList<string> Examples => ["network connect --alias db backend postgres"];
    public override int MinArguments => 2;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var settings = new EndpointSettings
        {
            IPAMConfig =
                ip.IsSet || ip6.IsSet || linkLocal.Values.Count > 0
                    ? new EndpointIpamConfig
                    {
                        IPv4Address = ip.Given,
                        IPv6Address = ip6.Given,
                        LinkLocalIPs = linkLocal.Values.Count > 0 ? linkLocal.Values : null,
                    }
                    : null,
            Links = link.Values.Count > 0 ? link.Values : null,
            Aliases = alias.Values.Count > 0 ? alias.Values : null,
            DriverOpts = Values.Map(driverOption.Values),
            GwPriority = checked((int)priority.Value),
        };
        context.Engine.Do(
            "POST",
            $"/networks/{Query.Escape(arguments[0])}/connect",
            EngineClient.Json(new NetworkConnectBody(arguments[1], settings), DockerJson.Wire.NetworkConnectBody)
        );
        return 0;
    }
}

internal sealed class NetworkDisconnectCommand : Command
{
    readonly BoolFlag force;

    public NetworkDisconnectCommand() => force = Flags.Bool("force", "Also a container that is gone already", 'f');

    public override string Usage => "[OPTIONS] NETWORK CONTAINER";
    public override string Summary => "Disconnect a container from a network";
    public override IReadOnlyList<string> Examples => ["network disconnect backend postgres"];
    public override int MinArguments => 2;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        context.Engine.Do(
            "POST",
            $"/networks/{Query.Escape(arguments[0])}/disconnect",
            EngineClient.Json(new NetworkDisconnectBody(arguments[1], force), DockerJson.Wire.NetworkDisconnectBody)
        );
        return 0;
    }
}
