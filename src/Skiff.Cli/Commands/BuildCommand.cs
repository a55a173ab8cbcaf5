// skiff build: an image from a Dockerfile.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Skiff.Cli.Files;
using Skiff.Cli.Http;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Docker;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed partial class BuildCommand : Command
{
    const string InTarDockerfile = ".skiff.Dockerfile";
    const int MaxDockerfile = 4 << 20;

    // Of `docker build`, and not of Skiff yet: each says so by name.
    static readonly (string Name, string Kind)[] NotYet =
    [
        ("allow-insecure-entitlement", "string"),
        ("annotation", "list"),
        ("attest", "list"),
        ("builder", "string"),
        ("cache-from", "list"),
        ("cache-to", "list"),
        ("call", "string"),
        ("no-cache-filter", "list"),
        ("policy", "list"),
        ("provenance", "string"),
        ("sbom", "string"),
        ("squash", ""),
        ("ssh", "list"),
    ];

    readonly ListFlag addHost;
    readonly ListFlag allow;
    readonly ListFlag buildArg;
    readonly ListFlag buildContext;
    readonly StringFlag cgroupParent;
    readonly BoolFlag check;
    readonly IntegerFlag cpuPeriod;
    readonly IntegerFlag cpuQuota;
    readonly IntegerFlag cpuShares;
    readonly StringFlag cpusetCpus;
    readonly StringFlag cpusetMems;
    readonly StringFlag file;
    readonly StringFlag iidFile;
    readonly ListFlag label;
    readonly ValueFlag<long> memory;
    readonly ValueFlag<long> memorySwap;
    readonly StringFlag metadataFile;
    readonly StringFlag network;
    readonly BoolFlag noCache;
    readonly ListFlag output;
    readonly StringFlag platform;
    readonly StringFlag progress;
    readonly BoolFlag pull;
    readonly BoolFlag push;
    readonly BoolFlag quiet;
    readonly ListFlag secret;
    readonly ValueFlag<long> shmSize;
    readonly ListFlag tag;
    readonly StringFlag target;
    readonly ListFlag ulimit;

    public BuildCommand()
    {
        addHost = Flags.List("add-host", "A further name in /etc/hosts of the steps (HOST:IP)");
        allow = Flags.List("allow", "Allow steps what they must ask for (network.host)");
        buildArg = Flags.List("build-arg", "Value of an ARG; NAME alone takes it from the environment");
        buildContext = Flags.List("build-context", "A further context (NAME=DIRECTORY, NAME=docker-image://IMAGE)");
        cgroupParent = Flags.String("cgroup-parent", "Cgroup that the steps' cgroups are made in");
        cpuPeriod = Flags.Integer("cpu-period", "Period of the processor quota, in microseconds");
        cpuQuota = Flags.Integer("cpu-quota", "Processor time in each period, in microseconds");
        cpuShares = Flags.Integer("cpu-shares", "Weight among others for processor time", 'c');
        cpusetCpus = Flags.String("cpuset-cpus", "Processors that steps may use (0-3, 0,1)");
        cpusetMems = Flags.String("cpuset-mems", "Memory nodes that steps may use");
        check = Flags.Bool("check", "Only check the Dockerfile");
        file = Flags.String("file", "The Dockerfile (default: Dockerfile in the context; - is standard input)", 'f');
        Flags.Add(new BoolFlag("force-rm", '\0', "") { Hidden = true });
        iidFile = Flags.String("iidfile", "Write the image's id to this file");
        label = Flags.List("label", "A label of the image (NAME=VALUE)");
        Flags.Add(new BoolFlag("load", '\0', "") { Hidden = true }); // the image is here anyway
        memory = Flags.Add(
            new ValueFlag<long>("memory", 'm', "bytes", "Limit of memory of each step (512m)", t => Values.Bytes(t))
        );
        memorySwap = Flags.Add(
            new ValueFlag<long>("memory-swap", '\0', "bytes", "Limit of memory and swap together", t => Values.Bytes(t, true))
        );
        metadataFile = Flags.String("metadata-file", "Write facts about the image to this file, as JSON");
        network = Flags.String("network", "Network of the steps: default, none, host, or a name", initially: "default");
        noCache = Flags.Bool("no-cache", "Do every step anew");
        output = Flags.List("output", "What is made: type=image (the default), type=docker", 'o');
        platform = Flags.String("platform", "Platform of base images (linux/amd64)");
        progress = Flags.String("progress", "How progress is shown: auto, plain, tty, quiet, rawjson", initially: "auto");
        pull = Flags.Bool("pull", "Ask registries for newer base images");
        push = Flags.Bool("push", "Push the image to its registry afterwards");
        quiet = Flags.Bool("quiet", "Print only the image's id", 'q');
        Flags.Add(new BoolFlag("rm", '\0', "", initially: true) { Hidden = true });
        secret = Flags.List("secret", "A secret for RUN --mount=type=secret (id=NAME,src=FILE or id=NAME,env=VARIABLE)");
        shmSize = Flags.Add(new ValueFlag<long>("shm-size", '\0', "bytes", "Size of /dev/shm in steps", t => Values.Bytes(t)));
        tag = Flags.List("tag", "Name of the image (NAME[:TAG])", 't');
        target = Flags.String("target", "The stage to build");
        ulimit = Flags.List("ulimit", "A limit of processes in steps (nofile=1024:2048)");
        foreach (var (name, kind) in NotYet)
            Flags.Add(
                kind.Length == 0
                    ? new StringFlag(name, '\0', "", "")
                    {
                        Hidden = true,
                        Bare = "true",
                        Check = _ => throw NotSupported(name),
                    }
                    : (Flag)new ListFlag(name, '\0', kind, "") { Hidden = true, Check = _ => throw NotSupported(name) }
            );
    }

    public override string Usage => "[OPTIONS] PATH | URL | -";
    public override string Summary => "Build an image from a Dockerfile";
    public override IReadOnlyList<string> Examples =>
        [
            "build -t app .                                 the Dockerfile and the files of this directory",
            "build -t app:test --target test --build-arg V=2 .",
            "build --secret id=key,src=key.txt -f docker/Dockerfile .",
        ];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    static FormatException NotSupported(string flag) => new($"--{flag} is not supported yet by this release of Skiff");

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        foreach (string each in output.Values)
            if (each is not ("type=image" or "type=docker" or "type=image,push=false"))
                throw new CliException(
                    $"--output {each} is not supported yet by this release of Skiff: type=image and type=docker are"
                );
        if (progress.Value is not ("auto" or "plain" or "tty" or "quiet" or "rawjson"))
            throw new CliException($"invalid progress mode: {progress.Value}");
        if (push && tag.Values.Count == 0)
            throw new CliException("tag is needed when pushing to registry");
        string place = arguments[0];
        string? text = file.Value == "-" ? ReadText(Stdio.In, "standard input") : null;
        Stream? archive = null;
        string? empty = null;
        if (place == "-")
        {
            // An archive, or a Dockerfile that needs no files.
            byte[] start = new byte[512];
            int count = Stdio.In.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            archive = new PrefixedStream(start.AsMemory(0, count), Stdio.In);
            if (!IsArchive(start.AsSpan(0, count)))
            {
                text = ReadText(archive, "standard input");
                archive = null;
                place = empty = Directory.CreateTempSubdirectory("skiff-build-").FullName;
            }
        }
        using var removed = new Removed(empty);
        _ = context.Engine.Version; // negotiated before the connection is busy with a tar
        bool isUrl = UrlStart().IsMatch(place);
        var query = QueryOf(place, isUrl, ref text);
        string auth = $"X-Registry-Config: {context.Config.AllAuth([.. tag.Values, .. Bases(text, place)])}\r\n";
        var display = BuildDisplay.Of(quiet ? "quiet" : progress.Value, DockerfileLines(text, place));
        Build(context, query, auth, place, isUrl, text, archive, display);
        if (!display.IsFinished)
            return display.Fail();
        if (check)
            return display.Checked();
        display.Finish(tag.Values);
        string image = display.Image!;
        if (iidFile.Given is { } idFile)
            File.WriteAllText(idFile, image);
        if (metadataFile.Given is { } facts)
            File.WriteAllText(facts, Metadata(image));
        if (push)
            foreach (string name in tag.Values)
                PushCommand.Push(context, Reference.Parse(name).WithDefaultTag(), null, allTags: false, quiet);
        if (quiet)
            CliContext.PrintLine(image);
        return 0;
    }

    void Build(
        CliContext context,
        Query query,
        string auth,
        string place,
        bool isUrl,
        string? text,
        Stream? archive,
        BuildDisplay display
    )
    {
        if (isUrl || archive is not null)
        {
            Show(
                context.Engine.Request(
                    "POST",
                    query,
                    headers: auth + "X-Skiff-Events: 1\r\nContent-Type: application/x-tar\r\n" + SecretsHeader(),
                    upload: archive
                ),
                display
            );
            return;
        }
        var body = Here(place) with
        {
            View = BuildContextBody.ThisView(),
            Dockerfile = text,
            Secrets = SecretOption.Read(secret.Values),
            Contexts = buildContext
                .Values.Select(Pair)
                .Where(p => !p.Value.StartsWith("docker-image://", StringComparison.Ordinal))
                .ToDictionary(p => p.Name, p => Here(p.Value)),
        };
        try
        {
            using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(body, DockerJson.Wire.BuildContextBody));
            Show(
                context.Engine.Request(
                    "POST",
                    query,
                    headers: $"{auth}Content-Type: {BuildContextBody.ContentType}\r\n",
                    upload: json
                ),
                display
            );
        }
        catch (EngineErrorException e) when (e.Status == 409)
        {
            // It is an engine elsewhere.
            if (body.Contexts.Count > 0)
                throw new CliException("--build-context with a directory needs an engine on this machine");
            using var packed = new PackedContext(body.Path, text, InTarDockerfile);
            if (text is not null)
                query.Add("dockerfile", InTarDockerfile);
            Show(
                context.Engine.Request(
                    "POST",
                    query,
                    headers: auth + "X-Skiff-Events: 1\r\nContent-Type: application/x-tar\r\n" + SecretsHeader(),
                    upload: packed
                ),
                display
            );
        }
    }

    static void Show(HttpAnswer answer, BuildDisplay display)
    {
        var reader = new JsonStream(answer.Body);
        while (reader.Next() is { } json)
        {
            var message = JsonSerializer.Deserialize(json.Span, DockerJson.Wire.ProgressMessage);
            if (message?.Aux is { } aux)
                display.Show(aux.Deserialize(DockerJson.Wire.BuildProgressBody)!, json);
            else if (message?.Error is { } failure)
                display.Failure ??= message.ErrorDetail?.Message ?? failure;
        }
    }

    /// <summary>tar(5), or compressed.</summary>
    static bool IsArchive(ReadOnlySpan<byte> start) =>
        start.StartsWith<byte>([0x1f, 0x8b])
        || start.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])
        || (start.Length == 512 && start[257..].StartsWith("ustar"u8));

    sealed class Removed(string? directory) : IDisposable
    {
        public void Dispose()
        {
            if (directory is not null)
                Directory.Delete(directory, recursive: true);
        }
    }

    static BuildContextBody Here(string place)
    {
        string path = Path.GetFullPath(place);
        if (!Directory.Exists(path))
            throw new CliException($"unable to prepare context: path \"{place}\" not found");
        using var directory = SafePath.OpenRoot(path);
        var status = FileAt.Status(directory);
        return new BuildContextBody
        {
            Path = path,
            Device = status.Device,
            Inode = status.Inode,
        };
    }

    string SecretsHeader()
    {
        var secrets = SecretOption.Read(secret.Values);
        return secrets.Count == 0
            ? ""
            : "X-Skiff-Secrets: "
                + Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(secrets, DockerJson.Wire.DictionaryStringString))
                + "\r\n";
    }

    static string ReadText(Stream stream, string what)
    {
        using var bytes = new MemoryStream();
        byte[] block = new byte[64 << 10];
        int read;
        while ((read = stream.Read(block)) > 0)
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > MaxDockerfile)
                throw new CliException($"{what} is longer than {MaxDockerfile} bytes");
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>For pointing at a line; empty where it is not on this machine.</summary>
    (string Name, string[] Lines) DockerfileLines(string? text, string place)
    {
        string name = file.Given is { } given && given != "-" ? given : "Dockerfile";
        string path = file.Given is null ? Path.Combine(place, name) : name;
        if (text is null && File.Exists(path))
            text = File.ReadAllText(path);
        return (Path.GetFileName(name), text?.Split('\n') ?? []);
    }

    /// <summary>Base images as far as they stand there as names: credentials for their registries go along.</summary>
    IEnumerable<string> Bases(string? text, string place) =>
        DockerfileLines(text, place)
            .Lines.SelectMany(l => BaseImage().Matches(l))
            .Select(m => m.Groups[1].Value)
            .Where(name => Reference.TryParse(name, out _));

    static string Metadata(string image) =>
        "{\n  \"containerimage.config.digest\": \"" + image + "\",\n  \"containerimage.digest\": \"" + image + "\"\n}\n";

    [GeneratedRegex("^(https?://|git://|git@|ssh://)")]
    private static partial Regex UrlStart();

    [GeneratedRegex(@"(?:^\s*FROM\s+(?:--\S+\s+)*|--from=|,from=)([^\s,]+)", RegexOptions.IgnoreCase)]
    private static partial Regex BaseImage();
}
