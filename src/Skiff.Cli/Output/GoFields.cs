// The members of an answer as docker's templates see them: fields of Go's structs, which are there even if JSON leaves them out.
using System.Text.Json;

namespace Skiff.Cli.Output;

internal static class GoFields
{
    // Members that are maps in Docker's types, and pointers; all else is a struct or a slice. It only matters for printing.
    static readonly string[] Maps =
    [
        "Labels",
        "Volumes",
        "ExposedPorts",
        "PortBindings",
        "Ports",
        "Networks",
        "Options",
        "DriverOpts",
        "Sysctls",
        "Tmpfs",
        "StorageOpt",
        "Annotations",
        "Data",
        "Containers",
        "Attributes",
        "Runtimes",
        "IndexConfigs",
    ];
    static readonly string[] TextMaps =
    [
        "Labels",
        "Options",
        "DriverOpts",
        "Sysctls",
        "Tmpfs",
        "StorageOpt",
        "Annotations",
        "Data",
        "Attributes",
    ];
    static readonly string[] Pointers =
    [
        "Health",
        "Healthcheck",
        "IPAMConfig",
        "PidsLimit",
        "MemorySwappiness",
        "OomKillDisable",
        "Init",
        "HostConfig",
        "NetworkSettings",
        "StopTimeout",
        "SizeRw",
        "SizeRootFs",
        "ImageManifestDescriptor",
        "Descriptor",
        "FirewallBackend",
        "Containerd",
        "BindOptions",
        "VolumeOptions",
        "TmpfsOptions",
        "UsageData",
    ];

    /// <summary>Members that JSON leaves out where they are empty, by what they are then.</summary>
    static readonly string[] EmptyTexts =
    [
        "StopSignal",
        "MacAddress",
        "Name",
        "Type",
        "Driver",
        "BuildTime",
        "CgroupVersion",
        "ProductLicense",
        "Variant",
        "OsVersion",
    ];
    static readonly string[] EmptyLists = ["Shell", "Mounts", "DefaultAddressPools", "DiscoveredDevices"];
    static readonly string[] EmptyMaps = ["ExposedPorts", "Annotations", "Tmpfs", "StorageOpt", "Sysctls"];
    static readonly string[] False = ["ArgsEscaped", "NetworkDisabled", "Experimental", "KernelMemory"];

    public static bool IsMap(GoJson json) =>
        json.Name == "Config" && json.Element.ValueKind == JsonValueKind.Object && !json.Element.TryGetProperty("Hostname", out _)
        || Array.IndexOf(Maps, json.Name) >= 0;

    public static bool IsTextMap(GoJson json) => Array.IndexOf(TextMaps, json.Name) >= 0;

    public static bool IsPointer(string name) => Array.IndexOf(Pointers, name) >= 0;

    /// <summary>A member by its name; docker's fields differ here and there in case (APIVersion, ApiVersion).</summary>
    public static bool TryGet(GoJson json, string name, out object? value)
    {
        if (json.Element.TryGetProperty(name, out var member) || TryAnyCase(json.Element, name, out member))
        {
            value = GoFunctions.Wrap(member, name);
            return true;
        }
        value = IsPointer(name) ? GoNil.Instance : null;
        if (value is null && Array.IndexOf(EmptyTexts, name) >= 0)
            value = "";
        else if (value is null && Array.IndexOf(False, name) >= 0)
            value = false;
        else if (value is null && (Array.IndexOf(EmptyLists, name) >= 0 || Array.IndexOf(EmptyMaps, name) >= 0))
            value = new GoJson(Null, name);
        // A map has no fields: what it lacks, it lacks.
        return value is not null && json.Element.ValueKind == JsonValueKind.Object && !IsTextMap(json);
    }

    static readonly JsonElement Null = JsonDocument.Parse("null").RootElement.Clone();

    static bool TryAnyCase(JsonElement element, string name, out JsonElement member)
    {
        foreach (var property in element.EnumerateObject())
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                member = property.Value;
                return true;
            }
        member = default;
        return false;
    }
}
