// Lines of the log as Docker writes them.
using System.Text;
using System.Text.Json;
using Skiff.Runtime.Shim;
using Xunit;

namespace Skiff.Tests.Runtime.Shim;

public sealed class JsonLogEncoderTests
{
    static readonly DateTime Time = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [Fact]
    public void A_line_has_dockers_form() =>
        Assert.Equal("""{"log":"hi there\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}""" + "\n", Encode("hi there"u8));

    [Fact]
    public void A_piece_of_a_line_has_no_newline() =>
        Assert.Equal(
            """{"log":"x","stream":"stderr","time":"2026-01-02T03:04:05Z"}""" + "\n",
            Encode("x"u8, newline: false, stderr: true)
        );

    [Theory]
    [InlineData("a\"b\\c", """a\"b\\c""")]
    [InlineData("\t\r\u0001\u001b[0m", """\u0009\r\u0001\u001b[0m""")]
    [InlineData("<a & b>", """\u003ca \u0026 b\u003e""")]
    [InlineData("\u007f/'", "\u007f/'")]
    [InlineData("é語🛶", "é語🛶")]
    [InlineData("\u2028\u2029", """\u2028\u2029""")]
    public void Specials_are_escaped_as_docker_does(string text, string expected) =>
        Assert.Equal(expected, Inner(Encode(Encoding.UTF8.GetBytes(text))));

    [Theory]
    [InlineData(new byte[] { 0xff }, """\ufffd""")]
    [InlineData(new byte[] { (byte)'a', 0xe8, 0xaa, (byte)'b' }, """a\ufffd\ufffdb""")]
    [InlineData(new byte[] { 0xc0, 0x80 }, """\ufffd\ufffd""")]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, """\ufffd\ufffd\ufffd""")]
    public void Each_byte_that_is_no_text_becomes_a_replacement_character(byte[] text, string expected) =>
        Assert.Equal(expected, Inner(Encode(text)));

    [Fact]
    public void Any_bytes_give_valid_json()
    {
        var random = new Random(7);
        byte[] text = new byte[3000];
        for (int round = 0; round < 200; round++)
        {
            random.NextBytes(text);
            using var line = JsonDocument.Parse(Encode(text));
            Assert.Equal("stdout", line.RootElement.GetProperty("stream").GetString());
        }
    }

    [Theory]
    [InlineData(0, "05Z")]
    [InlineData(1, "05.0000001Z")]
    [InlineData(1_000_000, "05.1Z")]
    [InlineData(1_234_560, "05.123456Z")]
    public void The_fraction_has_no_trailing_zeros(int ticks, string expected)
    {
        byte[] text = new byte[32];
        int length = JsonLogEncoder.FormatTime(Time.AddTicks(ticks), text);
        Assert.Equal("2026-01-02T03:04:" + expected, Encoding.ASCII.GetString(text, 0, length));
    }

    [Fact]
    public void The_buffer_grows_and_is_used_again()
    {
        var encoder = new JsonLogEncoder(null);
        for (int i = 0; i < 3; i++)
        {
            encoder.Add(new byte[100_000], newline: true, stderr: false, Time);
            Assert.True(encoder.Bytes.Length > 600_000);
            encoder.Clear();
            Assert.True(encoder.Bytes.IsEmpty);
        }
    }

    static string Encode(ReadOnlySpan<byte> line, bool newline = true, bool stderr = false)
    {
        var encoder = new JsonLogEncoder(null);
        encoder.Add(line, newline, stderr, Time);
        return Encoding.UTF8.GetString(encoder.Bytes);
    }

    static string Inner(string line) => line["{\"log\":\"".Length..line.IndexOf("\\n\",\"stream\"", StringComparison.Ordinal)];
}
