// skiff create: a container that does not run yet; an image that is missing is pulled.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class CreateCommand : Command
{
    readonly ContainerOptions options;

    public CreateCommand()
        : base(interspersed: false) => options = new ContainerOptions(Flags);

    public override string Usage => "[OPTIONS] IMAGE [COMMAND] [ARG...]";
    public override string Summary => "Create a container without starting it";
    public override IReadOnlyList<string> Examples => ["create --name job -v data:/data debian sh -c 'date > /data/now'"];
    public override int MinArguments => 1;
    public override bool RunsContainer => true;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var body = options.ToBody(arguments[0], [.. arguments.Skip(1)], detached: false);
        try
        {
            CliContext.PrintLine(Create(context, options, body));
            return 0;
        }
        catch (EngineErrorException e)
        {
            // No container's code could be meant: the engine's refusal is a plain failure.
            throw new CliException(e.Message) { Plain = true };
        }
    }

    /// <summary>Creates, pulling if needed; prints warnings. Returns the id.</summary>
    public static string Create(CliContext context, ContainerOptions options, ContainerCreateBody body)
    {
        using var idFile = CidFile.Open(options.CidFile);
        // An id is no reference and never pulled.
        Reference? image = null;
        if (!IsId(body.Image))
            image = Reference.TryParse(body.Image, out image, out string? error)
                ? image.WithDefaultTag()
                : throw new FormatException(error);
        string policy = options.Pull;
        if (policy == "always" && image is not null)
            Pull(context, options, image);
        ContainerCreateAnswer answer;
        try
        {
            answer = Post(context, options, body);
        }
        catch (EngineErrorException e) when (e.Status == 404 && image is not null && policy == "missing")
        {
            if (!options.Quiet)
                CliContext.Warn($"Unable to find image '{image.Familiar}' locally");
            Pull(context, options, image);
            answer = Post(context, options, body);
        }
        foreach (string warning in answer.Warnings ?? [])
            CliContext.Warn("WARNING: " + warning);
        idFile?.Write(answer.Id);
        return answer.Id;
    }

    static ContainerCreateAnswer Post(CliContext context, ContainerOptions options, ContainerCreateBody body) =>
        context.Engine.Post(
            new Query("/containers/create").Add("name", options.Name).Add("platform", options.Platform),
            EngineClient.Json(body, DockerJson.Wire.ContainerCreateBody),
            DockerJson.Wire.ContainerCreateAnswer
        );

    static void Pull(CliContext context, ContainerOptions options, Reference image) =>
        PullCommand.Pull(context, image, options.Platform.Given, options.Quiet ? null : Stdio.Error, allTags: false);

    static bool IsId(string image) =>
        image.StartsWith("sha256:", StringComparison.Ordinal) || image.Length == 64 && image.All(char.IsAsciiHexDigitLower);
}

/// <summary>--cidfile: made before the container, so that an existing one is never overwritten; removed if nothing was created.</summary>
internal sealed class CidFile : IDisposable
{
    readonly string path;
    FileStream? file;
    bool written;

    CidFile(string path, FileStream file)
    {
        this.path = path;
        this.file = file;
    }

    public static CidFile? Open(string path)
    {
        if (path.Length == 0)
            return null;
        if (File.Exists(path))
            throw new CliException($"container ID file found, make sure the other container isn't running or delete {path}");
        try
        {
            return new CidFile(path, new FileStream(path, FileMode.CreateNew, FileAccess.Write));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string why = e is UnauthorizedAccessException ? "permission denied" : "no such file or directory";
            throw new CliException($"failed to create the container ID file: open {path}: {why}");
        }
    }

    public void Write(string id)
    {
        file!.Write(System.Text.Encoding.ASCII.GetBytes(id));
        written = true;
    }

    public void Dispose()
    {
        file?.Dispose();
        file = null;
        if (!written)
            File.Delete(path);
    }
}
