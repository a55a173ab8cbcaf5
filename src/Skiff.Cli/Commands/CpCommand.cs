// skiff cp: files between this machine and a container.
using System.Text.Json;
using Skiff.Cli.Files;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class CpCommand : Command
{
    const uint DeviceBits = PathStat.Device | PathStat.CharacterDevice;

    readonly BoolFlag archive;
    readonly BoolFlag followLink;
    readonly BoolFlag quiet;

    public CpCommand()
    {
        archive = Flags.Bool("archive", "Keep owners: what is copied in belongs to the container's user", 'a');
        followLink = Flags.Bool("follow-link", "Copy what a symbolic link leads to", 'L');
        quiet = Flags.Bool("quiet", "Do not say what was copied", 'q');
    }

    public override string Usage =>
        "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tskiff cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH";
    public override string Summary => "Copy files between a container and this machine";
    public override IReadOnlyList<string> Examples =>
        ["cp web:/etc/nginx/nginx.conf .", "cp site/. web:/usr/share/nginx/html", "cp web:/var/log - | tar -t"];
    public override int MinArguments => 2;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var (from, source) = Parse(arguments[0]);
        var (to, destination) = Parse(arguments[1]);
        if (source.Length == 0)
            throw new CliException("source can not be empty");
        if (destination.Length == 0)
            throw new CliException("destination can not be empty");
        if (from is not null && to is not null)
            throw new CliException("copying between containers is not supported");
        if (from is not null)
            CopyOut(context, from, source, destination);
        else if (to is not null)
            CopyIn(context, source, to, destination);
        else
            throw new CliException("must specify at least one container source");
        return 0;
    }

    /// <summary>"web:/path"; what begins with "/" or "." is of this machine, also with a colon in it.</summary>
    static (string? Container, string Path) Parse(string argument)
    {
        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || argument[0] is '/' or '.' ? (null, argument) : (argument[..colon], argument[(colon + 1)..]);
    }

    void CopyOut(CliContext context, string container, string source, string shown)
    {
        bool toStdout = shown == "-";
        string destination = toStdout ? shown : CopyPath.Local(shown);
        if (!toStdout && !Directory.Exists(CopyPath.Split(destination).Directory))
            throw new CliException($"invalid output path: directory \"{CopyPath.Split(destination).Directory}\" does not exist");
        string path = source;
        string? rebase = null;
        if (followLink && TryStat(context, container, source) is { } link && (link.Mode & PathStat.Symlink) != 0)
            (path, rebase) = Followed(source, link.LinkTarget);
        var answer = context.Engine.Request("GET", Archive(container, path));
        var stat = Stat(answer.Headers);
        if (toStdout)
        {
            answer.Body.CopyTo(Stdio.Out, 1 << 17);
            return;
        }
        var to = LocalDestination(destination);
        var (directory, newName) = CopyPath.Plan(
            new CopyPath(path, Exists: true, (stat.Mode & PathStat.Directory) != 0, rebase),
            to
        );
        using var unpacker = new TreeUnpacker(directory);
        unpacker.Unpack(answer.Body, CopyPath.Split(path).Name, newName ?? rebase);
        Tell(unpacker.Size, $"{shown}");
    }

    void CopyIn(CliContext context, string shown, string container, string destination)
    {
        var to = ContainerDestination(context, container, destination);
        if (shown == "-")
        {
            if (!to.IsDirectory)
                throw new CliException($"destination \"{container}:{destination}\" must be a directory");
            Upload(context, container, to.Path, Stdio.In);
            return;
        }
        var source = LocalSource(CopyPath.Local(shown));
        var (directory, newName) = CopyPath.Plan(source, to);
        using var tar = new PackedTree(source.Path, newName ?? source.RebaseName ?? CopyPath.Split(source.Path).Name);
        Upload(context, container, directory, tar);
        Tell(tar.Size, $"{container}:{destination}");
    }

    void Upload(CliContext context, string container, string directory, Stream tar)
    {
        _ = context.Engine.Version; // negotiated before the connection is busy with the tar
        string target = new Query($"/containers/{Query.Escape(container)}/archive")
            .Add("path", directory)
            .Add("noOverwriteDirNonDir", "true")
            .Add("copyUIDGID", archive ? "true" : null);
        context.Engine.Request("PUT", target, headers: "Content-Type: application/x-tar\r\n", upload: tar).Body.ReadAll(1 << 20);
    }

    CopyPath LocalSource(string path)
    {
        string? rebase = null;
        if (followLink && ResolveLink(path) is { } target)
            (path, rebase) = Followed(path, target);
        var (directory, name) = CopyPath.Split(path);
        // The directory of a link is where its file is: links in it are followed in any case.
        string place = CopyPath.EndsInDot(path) ? path : Path.Combine(directory, name);
        bool isLink = !CopyPath.AssertsDirectory(path) && new FileInfo(place).LinkTarget is not null;
        if (!isLink && !Directory.Exists(place) && !File.Exists(place))
            throw new CliException($"lstat {path}: no such file or directory");
        if (CopyPath.AssertsDirectory(path) && !Directory.Exists(place))
            throw new CliException("not a directory");
        return new CopyPath(path, Exists: true, !isLink && Directory.Exists(place), rebase);
    }

    static CopyPath LocalDestination(string path)
    {
        string place = path;
        // A link is followed to its end; if that is not there, the copy makes it.
        for (int i = 0; i < 255 && new FileInfo(place.TrimEnd('/')).LinkTarget is { } target; i++)
            place = CopyPath.Local(Path.Combine(Path.GetDirectoryName(place.TrimEnd('/'))!, target));
        bool isDirectory = Directory.Exists(place);
        if (!isDirectory && File.Exists(place) && CopyPath.AssertsDirectory(path))
            throw new CliException("not a directory");
        return new CopyPath(place, isDirectory || File.Exists(place), isDirectory);
    }

    static CopyPath ContainerDestination(CliContext context, string container, string destination)
    {
        string path = destination;
        var stat = TryStat(context, container, path);
        if (stat is not null && (stat.Mode & PathStat.Symlink) != 0)
        {
            path = stat.LinkTarget;
            stat = TryStat(context, container, path);
        }
        if (stat is null)
            return new CopyPath(path, Exists: false, IsDirectory: false);
        if ((stat.Mode & DeviceBits) != 0)
            throw new CliException(
                $"destination \"{container}:{destination}\" must be a directory or a regular file: got a device"
            );
        return new CopyPath(path, Exists: true, (stat.Mode & PathStat.Directory) != 0);
    }

    /// <summary>What a link leads to, with what stood at the path's end; and the link's name, which the copy keeps.</summary>
    static (string Path, string? Rebase) Followed(string path, string target)
    {
        if (!target.StartsWith('/'))
            target = CopyPath.Clean($"{CopyPath.Split(path).Directory}/{target}");
        if (CopyPath.EndsInDot(path))
            target += "/.";
        else if (path.EndsWith('/'))
            target += "/";
        string name = CopyPath.Split(path).Name;
        return (target, CopyPath.Split(target).Name == name ? null : name);
    }

    static string? ResolveLink(string path) => File.ResolveLinkTarget(path.TrimEnd('/'), returnFinalTarget: true)?.FullName;

    static string Archive(string container, string path) =>
        new Query($"/containers/{Query.Escape(container)}/archive").Add("path", path);

    static PathStat? TryStat(CliContext context, string container, string path)
    {
        try
        {
            return Stat(context.Engine.Request("HEAD", Archive(container, path)).Headers);
        }
        catch (EngineErrorException e) when (e.Status == 404)
        {
            // The container or the path: whatever needs it fails next, and says so.
            return null;
        }
    }

    static PathStat Stat(Dictionary<string, string> headers) =>
        headers.TryGetValue(PathStat.Header, out string? text)
        && JsonSerializer.Deserialize(Convert.FromBase64String(text), DockerJson.Wire.PathStat) is { } stat
            ? stat
            : throw new CliException($"the engine's answer has no {PathStat.Header}");

    void Tell(long bytes, string where)
    {
        // As docker: by default only to somebody who looks.
        if (quiet.IsSet ? !quiet : Stdio.Out.IsTerminal)
            CliContext.Warn($"Successfully copied {Units.Size(bytes)} to {where}");
    }
}
