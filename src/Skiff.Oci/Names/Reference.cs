// An image name: registry, repository, tag and digest, in the grammar that Docker's clients use.
using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Skiff.Oci.Names;

/// <summary>
/// A parsed image name, fully written: "debian" is docker.io/library/debian. Parsing is linear in the length of the text.
/// distribution-spec: Pulling manifests, name and reference; the short forms are Docker's.
/// </summary>
public sealed record Reference
{
    public const string DefaultDomain = "docker.io";
    public const string DefaultTag = "latest";
    const string LegacyDefaultDomain = "index.docker.io";
    const string OfficialPrefix = "library/";
    const string Malformed = "invalid reference format";
    const int MaxPathLength = 255;
    const int MaxTagLength = 128;

    static readonly SearchValues<char> TagChars = SearchValues.Create(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz.-"
    );
    static readonly SearchValues<char> AddressChars = SearchValues.Create("0123456789abcdefABCDEF:");

    Reference(string domain, string path, string? tag, Digest? digest)
    {
        Domain = domain;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>"docker.io", "registry.example:5000", "[::1]:5000".</summary>
    public string Domain { get; }

    /// <summary>The repository within the registry, "library/debian".</summary>
    public string Path { get; }
    public string? Tag { get; private init; }
    public Digest? Digest { get; private init; }

    /// <summary>"docker.io/library/debian".</summary>
    public string Repository => $"{Domain}/{Path}";

    /// <summary>The repository as users write it: "debian", "user/app", "registry.example/app".</summary>
    // "docker.io/a.b/c" stays as it is: the short form would be the repository "c" of the registry "a.b".
    public string FamiliarRepository =>
        Domain == DefaultDomain && SplitDomain(ShortPath) == (Domain, Path) ? ShortPath : Repository;

    string ShortPath =>
        Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && !Path.AsSpan(OfficialPrefix.Length).Contains('/')
            ? Path[OfficialPrefix.Length..]
            : Path;

    /// <summary>As users write it, with tag and digest where there are any: "debian:12".</summary>
    public string Familiar => FamiliarRepository + Suffix;

    /// <summary>Neither tag nor digest.</summary>
    public bool IsNameOnly => Tag is null && Digest is null;

    string Suffix => (Tag is null ? "" : $":{Tag}") + (Digest is { } digest ? $"@{digest}" : "");

    /// <summary>Fully written, with tag and digest where there are any.</summary>
    public override string ToString() => Repository + Suffix;

    /// <summary>With ":latest" if it has neither tag nor digest.</summary>
    public Reference WithDefaultTag() => IsNameOnly ? this with { Tag = DefaultTag } : this;

    /// <summary>The repository with this tag and no digest.</summary>
    /// <exception cref="FormatException">not a tag</exception>
    public Reference WithTag(string tag) =>
        IsTag(tag) ? this with { Tag = tag, Digest = null } : throw new FormatException("invalid tag format");

    /// <summary>The repository with this digest and no tag.</summary>
    public Reference WithDigest(Digest digest) => this with { Tag = null, Digest = digest };

    /// <summary>The repository alone.</summary>
    public Reference WithoutTag() => this with { Tag = null, Digest = null };

    /// <exception cref="FormatException">the text is no image name; the message is Docker's</exception>
    public static Reference Parse(string text) =>
        TryParse(text, out var reference, out var error) ? reference : throw new FormatException(error);

    public static bool TryParse(string? text, [NotNullWhen(true)] out Reference? reference) =>
        TryParse(text, out reference, out _);

    /// <summary>Parses a short or full name. <paramref name="error"/> is Docker's text, for the user.</summary>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out Reference? reference,
        [NotNullWhen(false)] out string? error
    )
    {
        reference = null;
        error = Malformed;
        if (string.IsNullOrEmpty(text))
            return false;
        // An image id must never be taken for a name.
        if (text.Length == 64 && Names.Digest.TryParse("sha256:" + text, out _))
        {
            error = $"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings";
            return false;
        }

        var (domain, remainder) = SplitDomain(text);
        var end = remainder.AsSpan().IndexOfAny(':', '@');
        var path = end < 0 ? remainder : remainder[..end];
        var suffix = end < 0 ? "" : remainder[end..];
        if (path.AsSpan().ContainsAnyInRange('A', 'Z'))
        {
            error = $"{Malformed}: repository name ({path}) must be lowercase";
            return false;
        }

        string? tag = null;
        var at = suffix.IndexOf('@', StringComparison.Ordinal);
        if (suffix.StartsWith(':'))
        {
            tag = at < 0 ? suffix[1..] : suffix[1..at];
            if (!IsTag(tag))
                return false;
        }
        if (!IsDomain(domain) || !IsPath(path))
            return false;
        if (path.Length > MaxPathLength)
        {
            error = $"{Malformed}: repository name must not be more than {MaxPathLength} characters";
            return false;
        }

        Digest? digest = null;
        if (at >= 0)
        {
            if (!Names.Digest.TryParse(suffix[(at + 1)..], out var parsed))
            {
                error = DigestError(suffix.AsSpan(at + 1));
                return false;
            }
            digest = parsed;
        }
        reference = new Reference(domain, path, tag, digest);
        error = null;
        return true;
    }

    /// <summary>Letters, digits, "_", "." and "-", at most 128, the first neither "." nor "-".</summary>
    public static bool IsTag(ReadOnlySpan<char> tag) =>
        tag.Length is > 0 and <= MaxTagLength && tag[0] is not ('.' or '-') && !tag.ContainsAnyExcept(TagChars);

    // The first part is a registry only if it looks like one: "localhost", or with a dot, a port or an upper-case letter.
    static (string Domain, string Remainder) SplitDomain(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : text[..slash];
        var (domain, remainder) =
            first == LegacyDefaultDomain ? (DefaultDomain, text[(slash + 1)..])
            : first == "localhost" || first.AsSpan().ContainsAny('.', ':') || first.AsSpan().ContainsAnyInRange('A', 'Z')
                ? (first, text[(slash + 1)..])
            : (DefaultDomain, text);
        return domain == DefaultDomain && !remainder.Contains('/', StringComparison.Ordinal)
            ? (domain, OfficialPrefix + remainder)
            : (domain, remainder);
    }

    // domain := host [":" digits]; host := "[" IPv6 "]" | component *("." component)
    static bool IsDomain(ReadOnlySpan<char> domain)
    {
        ReadOnlySpan<char> port;
        if (domain.StartsWith("["))
        {
            var close = domain.IndexOf(']');
            if (close < 2 || domain[1..close].ContainsAnyExcept(AddressChars))
                return false;
            port = domain[(close + 1)..];
        }
        else
        {
            var colon = domain.IndexOf(':');
            var host = colon < 0 ? domain : domain[..colon];
            port = colon < 0 ? [] : domain[colon..];
            foreach (var range in host.Split('.'))
                if (!IsDomainComponent(host[range]))
                    return false;
        }
        return port.IsEmpty || (port.Length > 1 && port[0] == ':' && !port[1..].ContainsAnyExceptInRange('0', '9'));
    }

    static bool IsDomainComponent(ReadOnlySpan<char> component)
    {
        if (component.IsEmpty || component[0] == '-' || component[^1] == '-')
            return false;
        foreach (var c in component)
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return false;
        return true;
    }

    // path := component *("/" component); component := alphanumeric *(("." | "_" | "__" | 1*"-") alphanumeric)
    static bool IsPath(ReadOnlySpan<char> path)
    {
        foreach (var range in path.Split('/'))
            if (!IsPathComponent(path[range]))
                return false;
        return true;
    }

    static bool IsPathComponent(ReadOnlySpan<char> component)
    {
        var i = 0;
        while (true)
        {
            var start = i;
            while (i < component.Length && (char.IsAsciiDigit(component[i]) || char.IsAsciiLetterLower(component[i])))
                i++;
            if (i == start)
                return false;
            if (i == component.Length)
                return true;
            start = i;
            var separator = component[i];
            while (i < component.Length && component[i] == separator)
                i++;
            var allowed = separator switch
            {
                '.' => 1,
                '_' => 2,
                '-' => int.MaxValue,
                _ => 0,
            };
            if (i - start > allowed)
                return false;
        }
    }

    // What Docker says of a digest that cannot be used.
    static string DigestError(ReadOnlySpan<char> digest)
    {
        var colon = digest.IndexOf(':');
        if (colon <= 0 || digest.Length - colon - 1 < 32)
            return Malformed;
        foreach (var c in digest[(colon + 1)..])
            if (!char.IsAsciiHexDigit(c))
                return Malformed;
        return digest[..colon] is not "sha256" ? "unsupported digest algorithm"
            : digest.Length - colon - 1 != 64 ? "invalid checksum digest length"
            : "invalid checksum digest format";
    }
}
