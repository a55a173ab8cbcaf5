// What a bridge network is told by its driver options: names as Docker has them.
using System.Globalization;
using Skiff.Engine.Networks.Drivers;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Networks;

/// <param name="Name">of the bridge interface</param>
/// <param name="Mtu">bytes; null: the kernel's</param>
/// <param name="Connects">containers reach each other (enable_icc)</param>
/// <param name="HostBinding">where ports are published that name no address</param>
/// <param name="InterfacePrefix">of interface names inside: "eth"</param>
internal sealed record BridgeSettings(
    string Name,
    int? Mtu,
    bool Connects = true,
    bool Masquerades = true,
    string HostBinding = PublishedPort.AnyAddress,
    string InterfacePrefix = "eth"
)
{
    const string Prefix = "com.docker.network.";
    internal const string NameOption = Prefix + "bridge.name";
    internal const string MtuOption = Prefix + "driver.mtu";
    const int MaxInterfacePrefix = 10;

    /// <exception cref="EngineException">InvalidParameter: a value that cannot be; NotImplemented: an unknown option</exception>
    internal static BridgeSettings Of(string networkId, IReadOnlyDictionary<string, string> options, int? mtu)
    {
        var settings = new BridgeSettings("br-" + networkId[..12], mtu);
        foreach (var (key, value) in options)
            settings = key switch
            {
                NameOption when value.Length == 0 => settings,
                NameOption => settings with { Name = Checked(value) },
                MtuOption => settings with { Mtu = Bytes(value) },
                Prefix + "bridge.enable_icc" => settings with { Connects = Flag(key, value) },
                Prefix + "bridge.enable_ip_masquerade" => settings with { Masquerades = Flag(key, value) },
                Prefix + "bridge.host_binding_ipv4" => settings with { HostBinding = Address(key, value) },
                Prefix + "container_iface_prefix" => settings with { InterfacePrefix = Interface(key, value) },
                _ => throw EngineException.NotImplemented(
                    $"the network option {key} is not supported yet by this release of Skiff"
                ),
            };
        return settings;
    }

    static string Checked(string name)
    {
        Bridge.Check(name);
        return name;
    }

    static int Bytes(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes) && bytes is 0 or (>= 68 and <= 65535)
            ? bytes == 0
                ? 1500
                : bytes
            : throw EngineException.Invalid($"invalid value for {MtuOption}: \"{value}\"");

    // As Go's strconv.ParseBool.
    static bool Flag(string key, string value) =>
        value switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw EngineException.Invalid($"failed to parse {key} value: \"{value}\""),
        };

    static string Address(string key, string value) =>
        IPv4Subnet.TryNumber(value) is { } number
            ? IPv4Subnet.Address(number).ToString()
            : throw EngineException.Invalid($"failed to parse {key} value: \"{value}\" is no IPv4 address");

    static string Interface(string key, string value) =>
        value.Length is > 0 and <= MaxInterfacePrefix
        && value.All(char.IsAsciiLetterOrDigit)
        && char.IsAsciiLetter(value[0])
        && value != "lo"
            ? value
            : throw EngineException.Invalid($"invalid value for {key}: \"{value}\"");
}
