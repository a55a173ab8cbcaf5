// What Skiff's own bundles say beyond the runtime-spec: as annotations, which other runtimes pass over.
namespace Skiff.Oci.Runtime;

public static class SpecExtensions
{
    /// <summary>
    /// An annotation: "true" makes the first process a small init that starts the program, forwards signals to it,
    /// reaps what is left to it, and ends as the program does.
    /// </summary>
    public const string Init = "skiff.init";

    public static bool WantsInit(Spec spec) => spec.Annotations?.GetValueOrDefault(Init) == "true";
}
