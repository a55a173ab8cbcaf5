// The small wire forms of the Engine API: filters, versions, times, credentials, stdio frames.
using System.Text;
using Skiff.Docker;
using Xunit;

namespace Skiff.Tests.Docker;

public sealed class WireTests
{
    [Theory]
    [InlineData("""{"label":["a=b","c"],"name":["x"]}""")]
    [InlineData("""{"label":{"a=b":true,"c":true,"d":false},"name":{"x":true}}""")]
    public void Reads_filters_in_both_forms(string json)
    {
        var filters = Filters.Parse(json);
        Assert.Equal(["a=b", "c"], filters["label"]);
        Assert.Equal(["x"], filters["name"]);
        Assert.Equal("name", filters.Unknown("label"));
        Assert.Null(filters.Unknown("label", "name"));
        Assert.Equal("""{"label":{"a=b":true,"c":true},"name":{"x":true}}""", filters.ToJson());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":[1]}""")]
    public void Refuses_filters_that_are_none(string json) => Assert.Throws<FormatException>(() => Filters.Parse(json));

    [Fact]
    public void Matches_labels_by_key_or_by_key_and_value()
    {
        var labels = new Dictionary<string, string> { ["a"] = "b" };
        Assert.True(new Filters().Add("label", "a").MatchesLabels(labels));
        Assert.True(new Filters().Add("label", "a=b").MatchesLabels(labels));
        Assert.False(new Filters().Add("label", "a=c").MatchesLabels(labels));
        Assert.False(new Filters().Add("label", "a").Add("label", "z").MatchesLabels(labels));
        Assert.False(new Filters().Add("label!", "a").MatchesLabels(labels));
        Assert.False(new Filters().Add("label", "a").MatchesLabels(null));
    }

    [Fact]
    public void Takes_the_version_from_a_path()
    {
        Assert.Equal(new ApiVersion(1, 41), ApiVersion.FromPath("/v1.41/_ping", out var rest));
        Assert.Equal("/_ping", rest);
        Assert.Equal(ApiVersion.Max, ApiVersion.FromPath("/version", out rest));
        Assert.Equal("/version", rest);
        Assert.Null(new ApiVersion(1, 24).Refusal);
        Assert.Contains("too old", new ApiVersion(1, 23).Refusal);
        Assert.Equal("client version 1.99 is too new. Maximum supported API version is 1.51", new ApiVersion(1, 99).Refusal);
    }

    [Theory]
    [InlineData("2026-11-23T15:00:53.95456695Z", "2026-11-23T15:00:53.9545669Z")]
    [InlineData("2026-11-23T15:00:53Z", "2026-11-23T15:00:53Z")]
    [InlineData("2026-11-23T17:00:53.5+02:00", "2026-11-23T15:00:53.5Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    public void Reads_and_writes_times(string text, string written) =>
        Assert.Equal(written, DockerTime.Format(DockerTime.Parse(text)));

    [Fact]
    public void Carries_credentials_in_a_header()
    {
        var auth = new AuthConfig
        {
            Username = "u",
            Password = "p?>~ÿ",
            ServerAddress = "r:5000",
        };
        Assert.Equal(auth, AuthConfig.FromHeader(auth.ToHeader()));
        Assert.Equal(auth, AuthConfig.FromHeader(auth.ToHeader().TrimEnd('=')));
        Assert.Equal(auth, AuthConfig.FromHeader(auth.ToHeader().Replace('-', '+').Replace('_', '/')));
        Assert.Equal(new AuthConfig(), AuthConfig.FromHeader("e30="));
        Assert.Equal(new AuthConfig(), AuthConfig.FromHeader(""));
        Assert.Throws<FormatException>(() => AuthConfig.FromHeader("!"));
        Assert.Throws<FormatException>(() => AuthConfig.FromHeader("bm9uZQ=="));
        Assert.DoesNotContain("p?>", auth.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Takes_frames_apart_in_pieces_of_any_size(int piece)
    {
        byte[] wire = [.. Frame(1, "one"), .. Frame(2, "two!"), .. Frame(1, ""), .. Frame(1, "three")];
        string output = "",
            errors = "";
        var demultiplexer = new StdioDemultiplexer();
        foreach (var bytes in wire.Chunk(piece))
            demultiplexer.Feed(
                bytes,
                (stream, payload) =>
                {
                    if (stream == StdioStream.Stdout)
                        output += Encoding.UTF8.GetString(payload);
                    else
                        errors += Encoding.UTF8.GetString(payload);
                }
            );
        Assert.Equal("onethree", output);
        Assert.Equal("two!", errors);
        Assert.True(demultiplexer.AtFrameBorder);
    }

    [Fact]
    public void Turns_an_error_frame_into_an_exception_and_refuses_other_streams()
    {
        var error = Assert.Throws<StdioErrorException>(() => new StdioDemultiplexer().Feed(Frame(3, "boom"), (_, _) => { }));
        Assert.Equal("error from daemon in stream: boom", error.Message);
        Assert.Throws<InvalidDataException>(() => new StdioDemultiplexer().Feed(Frame(4, "x"), (_, _) => { }));
    }

    static byte[] Frame(byte stream, string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        var frame = new byte[8 + payload.Length];
        StdioFrames.WriteHeader(frame, (StdioStream)stream, payload.Length);
        payload.CopyTo(frame, 8);
        return frame;
    }
}
