// skiff port: where ports of a container are published.
using System.Globalization;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class PortCommand : Command
{
    public override string Usage => "CONTAINER [PRIVATE_PORT[/PROTO]]";
    public override string Summary => "Show where ports of a container are published";
    public override int MinArguments => 1;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var container = context.Engine.Get($"/containers/{Query.Escape(arguments[0])}/json", DockerJson.Wire.ContainerInspect);
        var ports = container.NetworkSettings?.Ports ?? new Dictionary<string, IReadOnlyList<PortBinding>?>();
        if (arguments.Count == 2)
        {
            string wanted = arguments[1].Contains('/') ? arguments[1] : arguments[1] + "/tcp";
            if (!ports.TryGetValue(wanted, out var bindings) || bindings is not { Count: > 0 })
                throw new CliException($"Error: No public port '{arguments[1]}' published for {arguments[0]}");
            foreach (var binding in bindings)
                CliContext.PrintLine(Address(binding));
            return 0;
        }
        foreach (var (port, bindings) in ports.OrderBy(p => Number(p.Key)).ThenBy(p => p.Key, StringComparer.Ordinal))
        foreach (var binding in bindings ?? [])
            CliContext.PrintLine($"{port} -> {Address(binding)}");
        return 0;
    }

    static int Number(string port) =>
        int.TryParse(port.AsSpan(0, Math.Max(0, port.IndexOf('/'))), NumberStyles.None, CultureInfo.InvariantCulture, out int n)
            ? n
            : 0;

    static string Address(PortBinding binding) =>
        binding.HostIp.Contains(':') ? $"[{binding.HostIp}]:{binding.HostPort}" : $"{binding.HostIp}:{binding.HostPort}";
}
