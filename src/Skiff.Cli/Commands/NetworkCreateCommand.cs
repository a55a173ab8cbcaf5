// skiff network create: a network of one's own.
using Skiff.Cli.Options;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class NetworkCreateCommand : Command
{
    readonly StringFlag driver,
        scope,
        ipamDriver,
        configFrom;
    readonly ListFlag subnet,
        gateway,
        range,
        auxiliary,
        label,
        option,
        ipamOption;
    readonly BoolFlag isInternal,
        attachable,
        ingress,
        configOnly,
        ipv4,
        ipv6;

    public NetworkCreateCommand()
    {
        attachable = Flags.Bool("attachable", "Let containers be attached by hand");
        auxiliary = Flags.List("aux-address", "An address of the subnet that is somebody else's (name=address)", kind: "map");
        configFrom = Flags.String("config-from", "The network to copy the configuration from");
        configOnly = Flags.Bool("config-only", "Create a configuration only network");
        driver = Flags.String("driver", "What makes it (bridge)", 'd');
        gateway = Flags.List("gateway", "The host's address in the subnet", kind: "strings");
        ingress = Flags.Bool("ingress", "Create a swarm's routing-mesh network");
        isInternal = Flags.Bool("internal", "Without a way to other networks");
        range = Flags.List("ip-range", "The part of the subnet that containers get addresses from", kind: "strings");
        ipamDriver = Flags.String("ipam-driver", "What manages addresses");
        ipamOption = Flags.List("ipam-opt", "Options of what manages addresses", kind: "map");
        ipv4 = Flags.Bool("ipv4", "Addresses of IPv4");
        ipv6 = Flags.Bool("ipv6", "Addresses of IPv6");
        label = Flags.List("label", "Set a label (name=value)");
        option = Flags.List("opt", "Set an option of the driver", 'o', "map");
        scope = Flags.String("scope", "Where the network is known");
        subnet = Flags.List("subnet", "The addresses of the network (10.1.0.0/16)", kind: "strings");
    }

    public override string Usage => "[OPTIONS] NETWORK";
    public override string Summary => "Create a network";
    public override IReadOnlyList<string> Examples =>
        ["network create backend", "network create --subnet 10.9.0.0/24 --internal vault"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var answer = context.Engine.Post(
            "/networks/create",
            EngineClient.Json(Body(arguments[0]), DockerJson.Wire.NetworkCreateBody),
            DockerJson.Wire.NetworkCreateAnswer
        );
        if (answer.Warning.Length > 0)
            CliContext.Warn("WARNING: " + answer.Warning);
        CliContext.PrintLine(answer.Id);
        return 0;
    }

    internal NetworkCreateBody Body(string name) =>
        new()
        {
            Name = name,
            Driver = driver.IsSet ? driver.Value : "bridge",
            Scope = scope,
            EnableIPv4 = ipv4.IsSet ? ipv4.Value : null,
            EnableIPv6 = ipv6.IsSet ? ipv6.Value : null,
            IPAM = new Ipam
            {
                Driver = ipamDriver.IsSet ? ipamDriver.Value : "default",
                Options = Values.Map(ipamOption.Values),
                Config = Configuration(),
            },
            Internal = isInternal,
            Attachable = attachable,
            Ingress = ingress,
            ConfigOnly = configOnly,
            ConfigFrom = configFrom.IsSet ? new ConfigReference(configFrom.Value) : null,
            Options = Values.Map(option.Values) ?? [],
            Labels = Values.Map(label.Values) ?? [],
        };

    /// <summary>The n-th range and gateway are those of the n-th subnet.</summary>
    List<IpamConfig> Configuration()
    {
        if (range.Values.Count > subnet.Values.Count || gateway.Values.Count > subnet.Values.Count)
            throw new CliException("every ip-range or gateway must have a corresponding subnet");
        if (auxiliary.Values.Count > 0 && subnet.Values.Count == 0)
            throw new CliException("every aux-address must have a corresponding subnet");
        return
        [
            .. subnet.Values.Select(
                (s, i) =>
                    new IpamConfig
                    {
                        Subnet = s,
                        IPRange = i < range.Values.Count ? range.Values[i] : null,
                        Gateway = i < gateway.Values.Count ? gateway.Values[i] : null,
                        AuxAddress = i == 0 ? Values.Map(auxiliary.Values) : null,
                    }
            ),
        ];
    }
}
