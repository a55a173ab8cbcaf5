// skiff images: the list of images.
using System.Globalization;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class ImagesCommand : Command
{
    readonly BoolFlag all,
        digests,
        noTrunc,
        quiet;
    readonly ListFlag filter;
    readonly StringFlag format;

    public ImagesCommand()
    {
        all = Flags.Bool("all", "Show intermediate images too", 'a');
        digests = Flags.Bool("digests", "Show digests");
        filter = Flags.Add(
            new ListFlag("filter", 'f', "filter", "Show only some (dangling=true, reference=deb* ...)") { Check = Values.Filter }
        );
        format = Flags.String("format", ListFormat.Help);
        noTrunc = Flags.Bool("no-trunc", "Shorten nothing");
        quiet = Flags.Bool("quiet", "Show only ids", 'q');
    }

    public override string Usage => "[OPTIONS] [REPOSITORY[:TAG]]";
    public override string Summary => "List images";
    public override IReadOnlyList<string> Examples => ["images", "images 'debian:*'"];
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var filters = Values.Filters(filter);
        if (arguments.Count == 1)
            filters.Add("reference", arguments[0]);
        var images = context.Engine.Get(
            new Query("/images/json").Add("all", all).Add("filters", filters),
            DockerJson.Wire.IReadOnlyListImageSummary
        );
        string template = format.Given ?? (quiet ? "" : context.Config.ImagesFormat ?? "");
        bool showDigests = digests || template.Contains(".Digest", StringComparison.Ordinal);
        var rows = images.SelectMany(i => ToRows(i, showDigests)).ToList();
        var listing = digests
            ? Listing with
            {
                Columns = ["Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"],
            }
            : Listing;
        CliContext.Print(listing.Format(rows, template, quiet));
        return 0;
    }

    static readonly Listing Listing = new(
        new Dictionary<string, string>
        {
            ["ID"] = "IMAGE ID",
            ["Repository"] = "REPOSITORY",
            ["Tag"] = "TAG",
            ["Digest"] = "DIGEST",
            ["CreatedSince"] = "CREATED",
            ["CreatedAt"] = "CREATED AT",
            ["Size"] = "SIZE",
            ["Containers"] = "CONTAINERS",
            ["VirtualSize"] = "SIZE",
            ["SharedSize"] = "SHARED SIZE",
            ["UniqueSize"] = "UNIQUE SIZE",
        },
        ["Repository", "Tag", "ID", "CreatedSince", "Size"],
        "ID",
        "*formatter.imageContext"
    )
    {
        Raw =
            "repository: {{.Repository}}\ntag: {{.Tag}}\nimage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n",
    };

    /// <summary>One row for each tag (and digest, if they are shown); one of "&lt;none&gt;" where there is none.</summary>
    IEnumerable<Row> ToRows(ImageSummary image, bool showDigests)
    {
        var tags = new Dictionary<string, List<string>>();
        var repoDigests = new Dictionary<string, List<string>>();
        foreach (string name in image.RepoTags ?? [])
            if (Reference.TryParse(name, out var reference) && reference.Tag is { } tag)
                Put(tags, reference.FamiliarRepository, tag);
        foreach (string name in image.RepoDigests ?? [])
            if (Reference.TryParse(name, out var reference) && reference.Digest is { } digest)
                Put(repoDigests, reference.FamiliarRepository, digest.ToString());
        if (tags.Count == 0 && repoDigests.Count == 0)
            yield return Row(image, "<none>", "<none>", "<none>");
        foreach (var (repository, names) in tags)
        {
            var own = showDigests && repoDigests.Remove(repository, out var found) ? found : ["<none>"];
            repoDigests.Remove(repository);
            foreach (string tag in names)
            foreach (string digest in own)
                yield return Row(image, repository, tag, digest);
        }
        foreach (var (repository, own) in repoDigests)
        {
            if (!showDigests)
            {
                yield return Row(image, repository, "<none>", "<none>");
                continue;
            }
            foreach (string digest in own)
                yield return Row(image, repository, "<none>", digest);
        }
    }

    static void Put(Dictionary<string, List<string>> map, string key, string value)
    {
        if (!map.TryGetValue(key, out var list))
            map[key] = list = [];
        list.Add(value);
    }

    Row Row(ImageSummary image, string repository, string tag, string digest)
    {
        var created = DateTimeOffset.FromUnixTimeSeconds(image.Created);
        return new Row
        {
            ["ID"] = noTrunc ? image.Id : Units.ShortId(image.Id),
            ["Repository"] = repository,
            ["Tag"] = tag,
            ["Digest"] = digest,
            ["CreatedSince"] = image.Created <= 0 ? "N/A" : Units.Ago(created),
            ["CreatedAt"] = Units.GoTime(created),
            ["Size"] = Units.Size(image.Size),
            ["Containers"] = image.Containers < 0 ? "N/A" : image.Containers.ToString(CultureInfo.InvariantCulture),
            ["VirtualSize"] = Units.Size(image.Size, 4),
            ["SharedSize"] = image.SharedSize < 0 ? "N/A" : Units.Size(image.SharedSize, 4),
            ["UniqueSize"] = image.SharedSize < 0 ? "N/A" : Units.Size(image.Size - image.SharedSize, 4),
        };
    }
}
