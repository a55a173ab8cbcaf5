// What Skiff's own bundles say beyond the runtime-spec: as annotations, which other runtimes pass over.
namespace Skiff.Oci.Runtime;

public static class SpecExtensions
{
    /// <summary>
    /// An annotation: "true" makes the first process a small init that starts the program, forwards signals to it,
    /// reaps what is left to it, and ends as the program does.
    /// </summary>
    public const string Init = "skiff.init";

    /// <summary>
    /// An annotation: "boottime=86400,monotonic=-3.5", in seconds. The container gets a time namespace whose clocks differ
    /// from the host's by so much. The engine makes linux.timeOffsets of it.
    /// </summary>
    public const string TimeOffsets = "skiff.time-offsets";

    /// <summary>
    /// An option of a bind mount, with a path: what has this path below the source is mounted, and no symlink on the way
    /// leads out of the source. A container that can write there cannot make it anything else.
    /// </summary>
    public const string Subpath = "x-skiff.subpath=";

    public static bool WantsInit(Spec spec) => spec.Annotations?.GetValueOrDefault(Init) == "true";
}
