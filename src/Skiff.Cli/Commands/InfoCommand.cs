// skiff info: the state of the engine and its host.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class InfoCommand : Command
{
    readonly StringFlag format;

    public InfoCommand() => format = Flags.String("format", "json, or a Go template", 'f');

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Show the state of the engine";
    public override IReadOnlyList<string> Examples => ["info", "info -f '{{.CgroupVersion}}'"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var raw = context.Engine.GetRaw("/info");
        if (format.Value.Length > 0)
        {
            CliContext.PrintLine(AnswerFormat.Run(WithClient(context, raw), format, "system.dockerInfo"));
            return 0;
        }
        var info = JsonSerializer.Deserialize(raw.Span, DockerJson.Wire.InfoBody)!;
        var text = new StringBuilder();
        text.Append(
            $"Client:\n Version:    {Product.Version}\n Context:    {context.ContextName}\n Debug Mode: false\n\nServer:\n"
        );
        Append(text, info);
        CliContext.Print(text.Append('\n').ToString());
        foreach (string warning in info.Warnings ?? [])
            CliContext.Warn(warning);
        return 0;
    }

    /// <summary>The engine's answer, and beside it what this program is: as docker has it.</summary>
    static byte[] WithClient(CliContext context, ReadOnlyMemory<byte> info)
    {
        using var engine = JsonDocument.Parse(info);
        using var buffer = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            writer.WriteStartObject();
            foreach (var member in engine.RootElement.EnumerateObject())
                member.WriteTo(writer);
            writer.WriteStartObject("ClientInfo");
            writer.WriteBoolean("Debug", false);
            VersionCommand.WriteClient(writer, ApiVersion.Max.ToString(), context.ContextName);
            writer.WriteStartArray("Plugins");
            writer.WriteEndArray();
            writer.WriteNull("Warnings");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }

    static void Append(StringBuilder text, InfoBody info)
    {
        Line("Containers", info.Containers);
        Line(" Running", info.ContainersRunning);
        Line(" Paused", info.ContainersPaused);
        Line(" Stopped", info.ContainersStopped);
        Line("Images", info.Images);
        Optional("Server Version", info.ServerVersion);
        Line("Storage Driver", info.Driver);
        foreach (var pair in info.DriverStatus ?? [])
            if (pair.Count == 2)
                Line(" " + pair[0], pair[1]);
        Optional("Logging Driver", info.LoggingDriver);
        Optional("Cgroup Driver", info.CgroupDriver);
        Optional("Cgroup Version", info.CgroupVersion);
        text.Append(" Plugins:\n");
        Line(" Volume", string.Join(' ', info.Plugins.Volume ?? []));
        Line(" Network", string.Join(' ', info.Plugins.Network ?? []));
        if (info.Plugins.Authorization is { Count: > 0 } authorization)
            Line(" Authorization", string.Join(' ', authorization));
        Line(" Log", string.Join(' ', info.Plugins.Log ?? []));
        Block("CDI spec directories", info.CDISpecDirs);
        Line("Swarm", info.Swarm.LocalNodeState);
        if (info.Runtimes is { Count: > 0 } runtimes)
        {
            Line("Runtimes", string.Join(' ', runtimes.Keys.Order(StringComparer.Ordinal)));
            Line("Default Runtime", info.DefaultRuntime);
        }
        Optional("Init Binary", info.InitBinary);
        Line("containerd version", info.ContainerdCommit.ID);
        Line("runc version", info.RuncCommit.ID);
        Line("init version", info.InitCommit.ID);
        Security(text, info.SecurityOptions ?? []);
        Optional("Kernel Version", info.KernelVersion);
        Optional("Operating System", info.OperatingSystem);
        Optional("OSType", info.OSType);
        Optional("Architecture", info.Architecture);
        Line("CPUs", info.NCPU);
        Line("Total Memory", Units.BinarySize(info.MemTotal));
        Optional("Name", info.Name);
        Optional("ID", info.ID);
        Optional("Docker Root Dir", info.DockerRootDir);
        Line("Debug Mode", info.Debug ? "true" : "false");
        Optional("HTTP Proxy", info.HttpProxy);
        Optional("HTTPS Proxy", info.HttpsProxy);
        Optional("No Proxy", info.NoProxy);
        Block("Labels", info.Labels);
        Line("Experimental", info.ExperimentalBuild ? "true" : "false");
        Block("Insecure Registries", [.. InsecureRegistries(info)]);
        Block("Registry Mirrors", info.RegistryConfig?.Mirrors);
        Line("Live Restore Enabled", info.LiveRestoreEnabled ? "true" : "false");
        Optional("Firewall Backend", info.FirewallBackend is { Driver: not "iptables" } firewall ? firewall.Driver : null);

        void Line(string title, object value) => text.Append(CultureInfo.InvariantCulture, $" {title}: {value}\n");

        void Optional(string title, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                Line(title, value);
        }

        void Block(string title, IReadOnlyList<string>? values)
        {
            if (values is not { Count: > 0 })
                return;
            text.Append($" {title}:\n");
            foreach (string value in values)
                text.Append($"  {value}\n");
        }
    }

    // "name=seccomp,profile=builtin"
    static void Security(StringBuilder text, IReadOnlyList<string> options)
    {
        if (options.Count == 0)
            return;
        text.Append(" Security Options:\n");
        foreach (string option in options)
        foreach (string field in option.Split(','))
        {
            var (key, value) = Values.Pair(field);
            text.Append(key == "name" ? $"  {value}\n" : $"   {char.ToUpperInvariant(key[0])}{key[1..]}: {value}\n");
        }
    }

    static IEnumerable<string> InsecureRegistries(InfoBody info) =>
        (info.RegistryConfig?.IndexConfigs ?? new Dictionary<string, RegistryIndexConfig>())
            .Values.Where(c => !c.Secure)
            .Select(c => c.Name)
            .Order(StringComparer.Ordinal)
            .Concat(info.RegistryConfig?.InsecureRegistryCIDRs ?? []);
}
