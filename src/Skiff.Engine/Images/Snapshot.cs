// What a container's root is mounted from.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Images;

/// <summary>A container's root: the overlay to mount at "/" and its parts. Directories are absolute, Lowers topmost first.</summary>
public sealed record Snapshot(string Key, IReadOnlyList<string> Lowers, string Upper, string Work)
{
    /// <summary>
    /// What engine and runtime put into every container's root as places for mounts, if the image has them not: no
    /// change of the container's own.
    /// </summary>
    public static readonly IReadOnlySet<string> MountPlaces = new HashSet<string>
    {
        "dev",
        "proc",
        "sys",
        "etc/hosts",
        "etc/hostname",
        "etc/resolv.conf",
    };

    /// <summary>The first mount of a bundle: an overlay with the destination "/".</summary>
    public SpecMount Mount =>
        new()
        {
            Destination = "/",
            Type = "overlay",
            Source = "overlay",
            // One lowerdir+ an entry: fsconfig(2) has no page-size limit on the whole, and paths may hold any character.
            Options = [.. Lowers.Select(l => $"lowerdir+={l}"), $"upperdir={Upper}", $"workdir={Work}"],
        };
}
