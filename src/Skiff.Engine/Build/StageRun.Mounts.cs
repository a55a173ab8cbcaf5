// RUN --mount: what a step sees besides its root, and holds until its end.
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Dockerfile;
using Skiff.Engine.Images;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

internal sealed partial class StageRun
{
    /// <summary>What the mounts of one step hold until its end.</summary>
    sealed class HeldMounts : IDisposable
    {
        readonly List<(RunMount Mount, IReadOnlyList<string> Lowers, string Path)> mounts = [];
        readonly List<IDisposable> held = [];
        readonly List<string> scratch = [];

        internal List<string> Variables { get; } = [];

        /// <summary>Finds what a mount shows. Returns what of it belongs into the step's key.</summary>
        internal async Task<string> AddAsync(StageRun stage, RunMount mount, Instruction instruction, StepKey key)
        {
            var build = stage.build;
            switch (mount.Type)
            {
                case "tmpfs":
                    mounts.Add((mount, [], ""));
                    return "";
                case "secret":
                    if (!stage.Request.Secrets.TryGetValue(mount.Id, out byte[]? secret))
                    {
                        if (await stage.Request.FindSecret(mount.Id, build.Cancellation) is { } found)
                            secret = found;
                        else if (mount.Required)
                            throw instruction.Error($"secret {mount.Id}: not found");
                        else
                            return "";
                    }
                    if (mount.Variable is { } variable)
                        Variables.Add($"{variable}={Encoding.UTF8.GetString(secret)}");
                    if (mount.Target.Length > 0)
                    {
                        string path = Write(
                            stage,
                            secret,
                            mount.Uid ?? 0,
                            mount.Gid ?? 0,
                            mount.Mode ?? 0x100 /* 0400 */
                        );
                        mounts.Add((mount with { Source = "" }, [], path));
                    }
                    return "";
                case "cache":
                    await AddCacheAsync(stage, mount, instruction);
                    return "";
                case "ssh":
                    throw EngineException.NotImplemented("RUN --mount=type=ssh is not supported yet by this release of Skiff");
                default:
                    return await AddBindAsync(stage, mount, instruction, key);
            }
        }

        /// <summary>A script for one step; returns its path there.</summary>
        internal string AddScript(StageRun stage, string name, string script)
        {
            string target = $"/dev/pipes/{name}";
            string path = Write(
                stage,
                Encoding.UTF8.GetBytes(script),
                0,
                0,
                0x1ed /* 0755 */
            );
            mounts.Add((new RunMount { Target = target, ReadOnly = true }, [], path));
            return target;
        }

        /// <summary>On a tmpfs, so that a secret is on no disk.</summary>
        string Write(StageRun stage, byte[] content, uint uid, uint gid, uint mode)
        {
            string directory = Path.Combine(stage.build.Tools.Layout.ExecRoot, "secrets");
            Directory.CreateDirectory(
                directory,
                (UnixFileMode)0x1c0 /* 0700 */
            );
            string path = Path.Combine(directory, Guid.NewGuid().ToString("N"));
            scratch.Add(path);
            using (
                var file = new FileStream(
                    path,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = (UnixFileMode)0x180,
                    }
                )
            )
                file.Write(content);
            using var above = SafePath.OpenRoot(directory);
            byte[] name = Encoding.UTF8.GetBytes(Path.GetFileName(path));
            FileAt.SetOwner(above, name, uid, gid);
            FileAt.SetMode(above, name, mode);
            return path;
        }

        async Task AddCacheAsync(StageRun stage, RunMount mount, Instruction instruction)
        {
            var caches = stage.build.Tools.CacheMounts;
            string id = mount.Id;
            if (mount.Sharing == "locked")
                held.Add(await caches.LockAsync(id, stage.Cancellation));
            else if (mount.Sharing == "private")
                held.Add(caches.Private(id, out id));
            string path = caches.PathOf(id, out bool made);
            if (made)
            {
                if (mount.From is not null)
                {
                    using var from = await stage.OpenSourceAsync(instruction, mount.From);
                    using var target = SafePath.OpenRoot(path);
                    if (from.Files.Find(mount.Source) is [{ IsDirectory: true } source, ..])
                        using (source)
                            TreeCopy.CopyEntry(
                                source.Parent,
                                source.Name,
                                target,
                                "."u8.ToArray(),
                                TreeCopyOptions.Same,
                                stage.Cancellation
                            );
                }
                using var directory = SafePath.OpenRoot(path);
                FileAt.SetOwner(directory, mount.Uid ?? 0, mount.Gid ?? 0);
                FileAt.SetMode(
                    directory,
                    mount.Mode ?? 0x1ed /* 0755 */
                );
            }
            mounts.Add((mount with { Source = "" }, [], path));
        }

        async Task<string> AddBindAsync(StageRun stage, RunMount mount, Instruction instruction, StepKey key)
        {
            var build = stage.build;
            using var source = await stage.OpenSourceAsync(instruction, mount.From);
            var found = source.Files.Find(mount.Source.Length > 0 ? mount.Source : "/");
            if (found.Count == 0)
                throw EngineException.NotFound(
                    $"failed to calculate checksum: \"/{ContextFiles.Clean(mount.Source)}\": not found"
                );
            string digest = "";
            foreach (var file in found)
                using (file)
                {
                    var tree = source.Digest(Skips(file, source, new CopyOptions()), build.Cancellation);
                    digest += await Task.Run(() => tree.Of(file), build.Cancellation);
                    key.Detail(file.Path, tree);
                }
            mounts.Add(
                (mount with { Source = ContextFiles.Clean(mount.Source) }, await stage.LowersOfAsync(instruction, mount.From), "")
            );
            return digest;
        }

        /// <summary>As mounts for the step's bundle.</summary>
        internal IReadOnlyList<BoundMount> Bind(StageRun stage)
        {
            var bound = new List<BoundMount>();
            foreach (var (mount, lowers, path) in mounts)
            {
                var request = new MountRequest
                {
                    Type = mount.Type == "tmpfs" ? "tmpfs" : "bind",
                    Target = mount.Target,
                    ReadOnly = mount.ReadOnly,
                    Subpath = mount.Type == "bind" ? mount.Source : "",
                    TmpfsSizeBytes = mount.SizeBytes,
                    TmpfsMode = mount.Type == "tmpfs" ? mount.Mode ?? 0 : 0,
                };
                if (lowers.Count == 0 || (lowers.Count == 1 && mount.ReadOnly))
                {
                    bound.Add(new BoundMount(request, lowers.Count == 0 ? path : lowers[0]));
                    continue;
                }
                // Writes to it are lost after the step: they go to a directory of their own.
                IReadOnlyList<string> above = [];
                if (!mount.ReadOnly)
                {
                    string own = Path.Combine(stage.build.Tools.Layout.Scratch, $"mount-{Guid.NewGuid():N}");
                    scratch.Add(own);
                    Directory.CreateDirectory(Path.Combine(own, "upper"));
                    Directory.CreateDirectory(Path.Combine(own, "work"));
                    above = [$"upperdir={own}/upper", $"workdir={own}/work"];
                }
                bound.Add(new BoundMount(request, lowers[0]) { Layers = [.. lowers.Select(l => $"lowerdir+={l}"), .. above] });
            }
            return bound;
        }

        public void Dispose()
        {
            foreach (var one in held)
                one.Dispose();
            foreach (string path in scratch)
                if (Directory.Exists(path))
                    Directory.Delete(path, recursive: true);
                else
                    File.Delete(path);
        }
    }

    /// <summary>The directories that make up what --from names, topmost first.</summary>
    async Task<IReadOnlyList<string>> LowersOfAsync(Instruction instruction, string? from)
    {
        if (from is null)
            return [build.Context.Path];
        if (Request.NamedContexts.TryGetValue(from, out var context))
            return [context.Path];
        var source = build.FindStage(from, stage, instruction) is { } other
            ? await build.StateOf(other.Index)
            : Of(await ImageAsync(Request.NamedImages.GetValueOrDefault(from, from), Request.Platform), from);
        return build.Tools.Images.Snapshots.LayersOf(source.Chain);
    }
}
