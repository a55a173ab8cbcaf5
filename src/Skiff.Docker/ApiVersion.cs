// Versions of the Engine API and their negotiation.
using System.Globalization;

namespace Skiff.Docker;

/// <summary>"1.51": major and minor, compared as numbers.</summary>
public readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    /// <summary>The newest we speak.</summary>
    public static readonly ApiVersion Max = new(1, 51);

    /// <summary>The oldest we speak.</summary>
    public static readonly ApiVersion Min = new(1, 24);

    public static bool TryParse(ReadOnlySpan<char> text, out ApiVersion version)
    {
        version = default;
        int dot = text.IndexOf('.');
        if (
            dot <= 0
            || !int.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
        )
            return false;
        version = new ApiVersion(major, minor);
        return true;
    }

    /// <summary>
    /// Splits "/v1.41/containers/json" into its version and "/containers/json"; a path without a version asks for Max.
    /// </summary>
    public static ApiVersion FromPath(string path, out string rest)
    {
        rest = path;
        if (!path.StartsWith("/v", StringComparison.Ordinal))
            return Max;
        int slash = path.IndexOf('/', 2);
        if (slash < 0 || !TryParse(path.AsSpan(2, slash - 2), out var version))
            return Max;
        rest = path[slash..];
        return version;
    }

    /// <summary>What to answer (400) to a request of this version; null if we speak it. Docker's words: clients match on them.</summary>
    public string? Refusal =>
        this > Max ? $"client version {this} is too new. Maximum supported API version is {Max}"
        : this < Min
            ? $"client version {this} is too old. Minimum supported API version is {Min}, please upgrade your client to a newer version"
        : null;

    public int CompareTo(ApiVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public static bool operator <(ApiVersion a, ApiVersion b) => a.CompareTo(b) < 0;

    public static bool operator >(ApiVersion a, ApiVersion b) => a.CompareTo(b) > 0;

    public static bool operator <=(ApiVersion a, ApiVersion b) => a.CompareTo(b) <= 0;

    public static bool operator >=(ApiVersion a, ApiVersion b) => a.CompareTo(b) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
