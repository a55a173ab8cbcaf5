// COPY, ADD and WORKDIR: steps that bring files without running anything.
using System.Security.Cryptography;
using System.Text;
using Skiff.Engine.Containers;
using Skiff.Engine.Dockerfile;
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Build;

internal sealed partial class StageRun
{
    static readonly IReadOnlySet<string> Nothing = new HashSet<string>();

    /// <summary>One thing to copy, wherever it comes from.</summary>
    /// <param name="Name">the last part of its name</param>
    /// <param name="Directory">with --parents, what comes before it</param>
    /// <param name="Content">of a heredoc; else null</param>
    /// <param name="Unpacks">an archive whose files are meant</param>
    /// <param name="Digest">of what is in the key; null where nobody can change it meanwhile</param>
    sealed record Piece(string Name, string Directory, SourceFile? File, byte[]? Content, bool Unpacks, string? Digest = null);

    Task WorkdirStepAsync(Instruction instruction)
    {
        var (config, createdBy) = ConfigSteps.Apply(state.Config, instruction, Expansion(), ownCommand);
        string path = config.WorkingDir!;
        state = state with { Config = config };
        if (path == "/")
        {
            state = state.With(state.Config, createdBy);
            return Task.CompletedTask;
        }
        var key = NewKey(instruction);
        key.Add("path", path);
        key.Add("user", state.Config.User ?? "");
        return LayerStepAsync(
            key,
            createdBy,
            Nothing,
            (_, snapshot) =>
            {
                using var root = Overlay.OpenDetached(snapshot.Lowers, snapshot.Upper, snapshot.Work);
                var owner = UserLookup.FromRoot(root, state.Config.User ?? "", []);
                using var made = new FilePlacement(root, (owner.Uid, owner.Gid), null, TimeOf([]), Cancellation).Directory(
                    path[1..]
                );
                return Task.CompletedTask;
            }
        );
    }

    async Task CopyStepAsync(Instruction instruction)
    {
        bool isAdd = instruction.Keyword == "ADD";
        var expansion = Expansion();
        var words = instruction.Json?.Select(expansion.Word).ToList() ?? expansion.Words(instruction.Arguments);
        string destination = words[^1];
        var sources = words[..^1];
        var options = CopyOptions.Of(instruction, expansion);
        bool toDirectory =
            destination is "." or ".."
            || destination.EndsWith('/')
            || destination.EndsWith("/.", StringComparison.Ordinal)
            || destination.EndsWith("/..", StringComparison.Ordinal);
        string target = Path.GetFullPath(Path.Combine("/", state.Config.WorkingDir ?? "", destination)).Trim('/');

        using var from = await OpenSourceAsync(instruction, options.From);
        var key = NewKey(instruction);
        key.Add("to", $"{target} {toDirectory}");
        key.Add("flags", options.KeyText);
        var pieces = new List<Piece>();
        using var downloads = new Downloads(build);
        try
        {
            var digests = new StringBuilder();
            foreach (string source in sources)
                digests.Append(await AddPiecesAsync(instruction, source, from, options, isAdd, downloads, pieces, key));
            key.Add("files", digests.ToString());
            string shown = string.Join(' ', words);
            await LayerStepAsync(
                key,
                $"{instruction.Keyword} {options.HistoryText}{shown} # buildkit",
                Nothing,
                (_, snapshot) => BlockingStream.RunAsync(() => Place(snapshot, pieces, from, options, target, toDirectory))
            );
        }
        finally
        {
            foreach (var piece in pieces)
                piece.File?.Dispose();
        }
    }

    /// <summary>Finds what one source names, and tells what it is made of.</summary>
    async Task<string> AddPiecesAsync(
        Instruction instruction,
        string source,
        CopySource from,
        CopyOptions options,
        bool isAdd,
        Downloads downloads,
        List<Piece> pieces,
        StepKey key
    )
    {
        if (instruction.Heredocs.FirstOrDefault(h => source == "<<" + h.Name || source == "<<-" + h.Name) is { } heredoc)
        {
            string text = heredoc.Expand ? Expansion().Variables(heredoc.Content) : heredoc.Content;
            byte[] content = Encoding.UTF8.GetBytes(text);
            pieces.Add(new Piece(heredoc.Name, "", null, content, false));
            return $"heredoc {heredoc.Name} {Convert.ToHexStringLower(SHA256.HashData(content))}\n";
        }
        if (isAdd && Downloads.IsUrl(source))
        {
            var file = await downloads.FetchAsync(instruction, source, options.Checksum, vertex);
            pieces.Add(new Piece(file.Name, "", file.File, null, options.Unpack ?? false));
            return $"url {file.Name} {file.Digest} {options.Unpack}\n";
        }
        if (isAdd && Downloads.IsGit(source))
            throw EngineException.NotImplemented(
                $"ADD {source}: git repositories are not supported yet by this release of Skiff: clone it and use COPY"
            );
        return await Task.Run(
            () =>
            {
                string pivot = "";
                string pattern = source;
                if (options.Parents && source.IndexOf("/./", StringComparison.Ordinal) is var at and >= 0)
                {
                    pivot = ContextFiles.Clean(source[..at]);
                    pattern = source[..at] + source[(at + 2)..];
                }
                var found = from
                    .Files.Find(pattern)
                    .Where(f =>
                        f.Path.Length == 0
                        || from.Ignored?.Ignores(f.Path) != true
                        || f.IsDirectory && !from.Ignored.IgnoresAllBelow(f.Path)
                    )
                    .ToList();
                if (found.Count == 0)
                    throw EngineException.NotFound(
                        $"failed to compute cache key: failed to calculate checksum: \"/{ContextFiles.Clean(pattern)}\": not found"
                            + (from.Ignored is null ? "" : " (or excluded by .dockerignore)")
                    );
                var text = new StringBuilder();
                foreach (var file in found)
                {
                    string name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
                    string directory = "";
                    if (options.Parents)
                    {
                        string inside =
                            pivot.Length > 0 && file.Path.StartsWith(pivot + "/", StringComparison.Ordinal)
                                ? file.Path[(pivot.Length + 1)..]
                                : file.Path;
                        directory = file.IsDirectory ? inside : inside[..Math.Max(0, inside.LastIndexOf('/'))];
                    }
                    bool unpacks = isAdd && options.Unpack != false && !file.IsDirectory && Archives.IsArchive(file);
                    var tree = from.Digest(Skips(file, from, options), Cancellation);
                    string digest = tree.Of(file);
                    key.Detail(file.Path, tree);
                    pieces.Add(new Piece(name, directory, file, null, unpacks, from.MayChange ? digest : null));
                    text.Append(
                        System.Globalization.CultureInfo.InvariantCulture,
                        $"{(file.IsDirectory ? "" : name)} {directory} {unpacks} {digest}\n"
                    );
                }
                return text.ToString();
            },
            Cancellation
        );
    }

    /// <summary>What of a source is not copied, by its path below it.</summary>
    static Func<string, bool, bool>? Skips(SourceFile file, CopySource from, CopyOptions options)
    {
        if (from.Ignored is null && options.Excluded is null)
            return null;
        string above = file.Path.Length > 0 ? file.Path + "/" : "";
        return (inside, isDirectory) =>
            options.Excluded?.Invoke(inside) == true
            || (
                from.Ignored is { } ignored
                && (isDirectory ? ignored.IgnoresAllBelow(above + inside) : ignored.Ignores(above + inside))
            );
    }

    bool Place(Snapshot snapshot, List<Piece> pieces, CopySource from, CopyOptions options, string target, bool toDirectory)
    {
        (uint, uint)? owner;
        byte[]? place = null;
        using (var root = Overlay.OpenDetached(snapshot.Lowers, snapshot.Upper, snapshot.Work))
        {
            owner =
                options.Chown is { Length: > 0 } chown ? OwnerOf(root, chown)
                : from.IsContext ? (0, 0)
                : null;
            var placement = Placement(root);
            if (
                pieces is [{ File.IsDirectory: true, Unpacks: false } only]
                && !placement.IsDirectory(Join(target, only.Directory))
            )
                place = placement.RealPath(Join(target, only.Directory));
            else
                PlaceIn(root, placement);
        }
        if (place is not null)
        {
            // Nothing is below a new directory: what goes into it need not go through the overlay, which would cost as much again.
            using var upper = SafePath.OpenRoot(snapshot.Upper);
            Placement(upper)
                .CopyContents(
                    pieces[0].File!,
                    Encoding.UTF8.GetString(place),
                    isNew: true,
                    Skips(pieces[0].File!, from, options)
                );
        }
        CheckUnchanged(pieces, from, options);
        return true;

        FilePlacement Placement(Fd root) => new(root, owner, options.Mode, TimeOf(pieces), Cancellation);

        void PlaceIn(Fd root, FilePlacement placement)
        {
            foreach (var piece in pieces)
            {
                bool directory = toDirectory || placement.IsDirectory(target);
                string below = Join(target, piece.Directory);
                if (piece.Unpacks)
                    Archives.Unpack(root, placement.RealPath(target), piece.File!, owner, Cancellation);
                else if (piece.File is { IsDirectory: true } tree)
                    placement.CopyContents(tree, below, isNew: !placement.IsDirectory(below), Skips(tree, from, options));
                else
                {
                    var (into, name) = directory || piece.Directory.Length > 0 ? (below, piece.Name) : Cut(target);
                    if (piece.Content is { } content)
                        placement.Write(into, name, content);
                    else
                        placement.CopyFile(piece.File!, into, name);
                }
            }
        }
    }

    /// <summary>A layer of other files than those in its key would be taken for theirs by every later build.</summary>
    /// <exception cref="EngineException">Conflict: someone changed the context during the build</exception>
    void CheckUnchanged(List<Piece> pieces, CopySource from, CopyOptions options)
    {
        foreach (var piece in pieces)
            if (piece.Digest is { } digest)
            {
                using var again = from.Files.Find(piece.File!.Path).FirstOrDefault();
                if (again is null || from.Digest(Skips(again, from, options), Cancellation).Of(again) != digest)
                    throw EngineException.Conflict(
                        $"the files of \"/{piece.File.Path}\" changed while they were copied: build again"
                    );
            }
    }

    static string Join(string above, string below) =>
        below.Length == 0 ? above
        : above.Length == 0 ? below
        : $"{above}/{below}";

    static (string Directory, string Name) Cut(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? ("", path) : (path[..slash], path[(slash + 1)..]);
    }

    /// <summary>A number alone is of the group, too.</summary>
    static (uint, uint) OwnerOf(Fd root, string chown)
    {
        var user = UserLookup.FromRoot(root, chown, []);
        bool groupGiven = chown.Contains(':', StringComparison.Ordinal);
        return (user.Uid, !groupGiven && uint.TryParse(chown, out uint both) ? both : user.Gid);
    }

    /// <summary>Of directories that a step makes: nothing of the clock's, so that the same files make the same layer.</summary>
    FileTime TimeOf(IReadOnlyList<Piece> pieces)
    {
        if (build.Arguments.Epoch is { } epoch)
            return new FileTime(epoch.ToUnixTimeSeconds());
        var newest = pieces
            .Where(p => p.File is not null)
            .Select(p => p.File!.Status.Modification)
            .OrderBy(t => t.Seconds)
            .LastOrDefault();
        return newest.Seconds > 0 ? newest : new FileTime((state.Base.Created ?? DateTimeOffset.UnixEpoch).ToUnixTimeSeconds());
    }

    /// <summary>Where --from leads: the context, a stage, another context, an image.</summary>
    async Task<CopySource> OpenSourceAsync(Instruction instruction, string? from)
    {
        if (from is null)
            return new CopySource(build.Context.Root, owned: false, build.Ignored, isContext: true, KnownOf(build.Context));
        if (Request.NamedContexts.TryGetValue(from, out var context))
            return new CopySource(context.Root, owned: false, IgnoreFile.Of(context, ""), isContext: true, KnownOf(context));
        if (build.FindStage(from, stage, instruction) is { } other)
        {
            var source = await build.StateOf(other.Index);
            vertex = vertex with { Inputs = [.. vertex.Inputs, source.Vertex] };
            return OpenLayers(source);
        }
        if (from == "scratch")
            throw instruction.Error($"{instruction.Keyword} --from=scratch: there is nothing in it");
        var image = await ImageAsync(Request.NamedImages.GetValueOrDefault(from, from), Request.Platform);
        return OpenLayers(Of(image, from));
    }

    ContentDigests? KnownOf(BuildContext context) => context.IsScratch ? null : build.Tools.Digests;

    CopySource OpenLayers(BuildState source)
    {
        var lowers = source.Chain is { } chain ? build.Tools.Images.Snapshots.LayersOf(chain) : [];
        return lowers.Count == 0
            ? throw EngineException.Invalid("there are no files to copy: the stage is empty")
            : new CopySource(Overlay.OpenDetached(lowers), owned: true, null, isContext: false, known: null);
    }
}
