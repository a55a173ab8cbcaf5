// What HEAD and GET of a container's archive say of a path, in a header.
namespace Skiff.Docker;

/// <summary>X-Docker-Container-Path-Stat: this as JSON, in base64.</summary>
/// <param name="Mode">Go's fs.FileMode: permissions in the lowest nine bits, kinds and special bits from the top</param>
/// <param name="Mtime">RFC 3339</param>
public sealed record PathStat(
    [property: System.Text.Json.Serialization.JsonPropertyName("name")] string Name,
    [property: System.Text.Json.Serialization.JsonPropertyName("size")] long Size,
    [property: System.Text.Json.Serialization.JsonPropertyName("mode")] uint Mode,
    [property: System.Text.Json.Serialization.JsonPropertyName("mtime")] string Mtime,
    [property: System.Text.Json.Serialization.JsonPropertyName("linkTarget")] string LinkTarget
)
{
    public const string Header = "X-Docker-Container-Path-Stat";

    // Bits of Go's fs.FileMode.
    public const uint Directory = 1u << 31;
    public const uint Symlink = 1u << 27;
    public const uint Device = 1u << 26;
    public const uint Fifo = 1u << 25;
    public const uint Socket = 1u << 24;
    public const uint SetUid = 1u << 23;
    public const uint SetGid = 1u << 22;
    public const uint CharacterDevice = 1u << 21;
    public const uint Sticky = 1u << 20;

    /// <summary>From the twelve permission bits of the kernel and the bits of a kind.</summary>
    public static uint GoMode(uint permissions, uint kind) =>
        (permissions & 0x1ff)
        | kind
        | ((permissions & 0x800) != 0 ? SetUid : 0)
        | ((permissions & 0x400) != 0 ? SetGid : 0)
        | ((permissions & 0x200) != 0 ? Sticky : 0);
}
