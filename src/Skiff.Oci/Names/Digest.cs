// A content digest: algorithm and hex, as the image-spec writes it.
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skiff.Oci.Names;

/// <summary>"sha256:" and 64 lower-case hex digits. image-spec: descriptor.md, Digests. Only sha256 is accepted.</summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest
{
    const string Prefix = "sha256:";
    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    readonly string? text;

    Digest(string text) => this.text = text;

    /// <summary>The 64 hex digits.</summary>
    public string Hex => ToString()[Prefix.Length..];

    public bool IsEmpty => text is null;

    public static Digest FromSha256(ReadOnlySpan<byte> hash) => new(Prefix + Convert.ToHexStringLower(hash));

    public static bool TryParse([NotNullWhen(true)] string? value, out Digest digest)
    {
        digest = default;
        if (
            value is null
            || value.Length != Prefix.Length + 64
            || !value.StartsWith(Prefix, StringComparison.Ordinal)
            || value.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits)
        )
            return false;
        digest = new Digest(value);
        return true;
    }

    /// <exception cref="FormatException">not a sha256 digest</exception>
    public static Digest Parse(string value) =>
        TryParse(value, out var digest) ? digest : throw new FormatException($"invalid digest \"{value}\"");

    public override string ToString() => text ?? "";
}

/// <summary>Reads and writes a digest as its text.</summary>
public sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out var digest) ? digest : throw new JsonException("invalid digest");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    public override Digest ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out var digest) ? digest : throw new JsonException("invalid digest");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());
}
