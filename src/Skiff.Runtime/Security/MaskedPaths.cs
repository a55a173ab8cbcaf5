// Paths that the container shall not see: files become empty, directories become empty and read-only.
using Skiff.Linux;
using Skiff.Linux.Mounts;
using Skiff.Linux.Spawn;

namespace Skiff.Runtime.Security;

internal static class MaskedPaths
{
    /// <summary>runtime-spec: config-linux.md, Masked Paths. To be called while the host's /dev/null can still be reached.</summary>
    public static void Plan(LaunchPlan plan, Register root, IReadOnlyList<string> paths)
    {
        foreach (string path in paths)
        {
            string what = $"mask {path}";
            plan.Optional(
                root,
                path,
                what,
                place =>
                {
                    // The host's, not the container's, which the image or a volume might have replaced.
                    Register nothing = plan.CloneHostMount("/dev/null", what);
                    plan.AttachUnlessDirectory(
                        nothing,
                        place,
                        what,
                        () =>
                        {
                            Register empty = plan.NewMount("tmpfs", "tmpfs", ["nr_inodes=1"], MountFlags.ReadOnly, what);
                            plan.Attach(empty, place, what);
                            plan.Close(empty);
                        }
                    );
                    plan.Close(nothing);
                    plan.Close(place);
                }
            );
        }
    }
}
