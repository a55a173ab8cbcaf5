// Values one after the other on a stream.
using System.Text;
using System.Text.Json;
using Skiff.Docker;
using Xunit;

namespace Skiff.Tests.Docker;

public sealed class JsonStreamTests
{
    sealed class Dripping(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, piece));
    }

    static List<string> Read(string text, int piece)
    {
        var stream = new JsonStream(new Dripping(Encoding.UTF8.GetBytes(text), piece));
        var values = new List<string>();
        while (stream.Next() is { } value)
            values.Add(Encoding.UTF8.GetString(value.Span));
        return values;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100000)]
    public void Cuts_between_values_with_or_without_space(int piece)
    {
        string big = $"{{\"big\":\"{new string('x', 20_000)}\"}}";
        Assert.Equal(
            ["{\"a\":1}", "{\"b\":{\"c\":[]}}", "{}", big],
            Read("{\"a\":1}\r\n{\"b\":{\"c\":[]}}{}\n\n" + big + "\r\n", piece)
        );
        Assert.Empty(Read(" \r\n", piece));
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("{} x")]
    [InlineData("]")]
    public void Refuses_what_is_cut_off_or_no_JSON(string text) => Assert.ThrowsAny<JsonException>(() => Read(text, 3));
}
