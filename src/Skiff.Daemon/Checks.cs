// What a value of a flag or of daemon.json must be, checked before anything starts.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Skiff.Engine;

namespace Skiff.Daemon;

/// <summary>Each returns its argument or throws InvalidParameter, naming it.</summary>
internal static class Checks
{
    const int SmallestMtu = 68; // RFC 791
    const int LargestMtu = 65535;

    internal static string Absolute(string path, string key) =>
        Path.IsPathRooted(path)
            ? Path.TrimEndingDirectorySeparator(path)
            : throw EngineException.Invalid($"{key} must be an absolute path: \"{path}\"");

    internal static int Positive(int number, string key) =>
        number > 0 ? number : throw EngineException.Invalid($"invalid {key}: {number}");

    internal static int Mtu(int bytes) =>
        bytes is >= SmallestMtu and <= LargestMtu ? bytes : throw EngineException.Invalid($"invalid mtu: {bytes}");

    /// <summary>"URL" of a mirror of docker.io, or "REGISTRY[/PATH]=URL".</summary>
    internal static RegistryMirror Mirror(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string of = equals < 0 ? "docker.io" : text[..equals];
        bool isUrl =
            Uri.TryCreate(text[(equals + 1)..], UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri is { Query: "", Fragment: "", UserInfo: "" };
        if (!isUrl)
            throw EngineException.Invalid(
                $"invalid mirror: \"{text[(equals + 1)..]}\" is not an http or https URL of a registry"
            );
        string name = of.Contains('/', StringComparison.Ordinal) ? of : of + "/any";
        bool isRegistry =
            Oci.Names.Reference.TryParse(name, out var reference)
            && reference.IsNameOnly
            && name.StartsWith(reference.Domain + "/", StringComparison.Ordinal);
        return isRegistry
            ? new RegistryMirror(of, uri!)
            : throw EngineException.Invalid($"invalid mirror: \"{of}\" is no registry: write REGISTRY[/PATH]=URL");
    }

    internal static string Address(string text) =>
        IPAddress.TryParse(text, out _) ? text : throw EngineException.Invalid($"invalid dns: \"{text}\" is not an IP address");

    /// <summary>An address with its prefix, "172.30.0.1/16": not the network's own.</summary>
    internal static string Bip(string text)
    {
        string[] parts = text.Split('/');
        bool valid =
            parts.Length == 2
            && IPAddress.TryParse(parts[0], out var address)
            && address.AddressFamily == AddressFamily.InterNetwork
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int prefix)
            && prefix is >= 8 and <= 30;
        return valid
            ? text
            : throw EngineException.Invalid($"invalid bip: \"{text}\" is not an IPv4 address with a prefix, like 172.30.0.1/16");
    }

    internal static string Seccomp(string profile) =>
        profile is "builtin" or "unconfined" || File.Exists(profile)
            ? profile
            : throw EngineException.Invalid(
                $"invalid seccomp-profile: there is no file {profile}; builtin and unconfined need none"
            );

    internal static string Label(string label) =>
        label.IndexOf('=', StringComparison.Ordinal) > 0
            ? label
            : throw EngineException.Invalid($"invalid label: \"{label}\" is not KEY=VALUE");

    /// <summary>NAME=PATH of --add-runtime, over what the configuration file has.</summary>
    internal static Dictionary<string, string> Runtimes(IEnumerable<string> flags, Dictionary<string, string> configured)
    {
        foreach (string flag in flags)
        {
            int equals = flag.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !configured.TryAdd(flag[..equals], flag[(equals + 1)..]))
                throw EngineException.Invalid($"invalid or repeated runtime \"{flag}\": it is NAME=PATH");
        }
        foreach ((string name, string path) in configured)
        {
            if (name == EngineOptions.OwnRuntime)
                throw EngineException.Invalid($"the runtime name \"{name}\" is reserved");
            if (!Path.IsPathRooted(path) || !File.Exists(path))
                throw EngineException.Invalid($"there is no runtime \"{path}\" for the name \"{name}\"");
        }
        return configured;
    }

    internal static string Runtime(string name, IReadOnlyDictionary<string, string> others) =>
        name == EngineOptions.OwnRuntime || others.ContainsKey(name)
            ? name
            : throw EngineException.Invalid($"specified default runtime \"{name}\" does not exist");
}
