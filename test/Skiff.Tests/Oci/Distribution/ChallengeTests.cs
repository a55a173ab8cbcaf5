// The WWW-Authenticate header.
using System.Diagnostics;
using Skiff.Oci.Distribution;
using Xunit;

namespace Skiff.Tests.Oci.Distribution;

public sealed class ChallengeTests
{
    [Fact]
    public void Reads_a_bearer_challenge()
    {
        var challenge = Assert.Single(
            Challenge.Parse(
                "Bearer realm=\"https://auth.example/token?a=b,c\",service=\"reg \\\"x\\\"\", scope=\"repository:a/b:pull,push\""
            )
        );
        Assert.True(challenge.Is("bearer"));
        Assert.Equal("https://auth.example/token?a=b,c", challenge["Realm"]);
        Assert.Equal("reg \"x\"", challenge["service"]);
        Assert.Equal("repository:a/b:pull,push", challenge["scope"]);
        Assert.Null(challenge["error"]);
    }

    [Fact]
    public void Reads_several_challenges_in_one_line()
    {
        var all = Challenge.Parse("Negotiate, Custom YWJj==, Basic realm=\"a, Bearer b\", BEARER realm=x , service = \"y\"");
        Assert.Equal(["Negotiate", "Custom", "Basic", "BEARER"], all.Select(c => c.Scheme));
        Assert.Equal("a, Bearer b", all[2]["realm"]);
        Assert.Equal(("x", "y"), (all[3]["realm"], all[3]["service"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",,, ")]
    [InlineData("\"")]
    [InlineData("=")]
    public void Finds_nothing_where_there_is_nothing(string header) => Assert.Empty(Challenge.Parse(header));

    [Theory]
    [InlineData("Bearer realm=\"unfinished")]
    [InlineData("Bearer realm=")]
    [InlineData("Bearer ==== ,")]
    public void Survives_broken_text(string header) => Assert.Equal("Bearer", Challenge.Parse(header)[0].Scheme);

    [Fact]
    public void Bounds_what_it_reads_of_hostile_text()
    {
        var clock = Stopwatch.StartNew();
        Assert.True(Challenge.Parse(string.Concat(Enumerable.Repeat("a ", 100_000))).Count <= 16);
        var many = "Bearer " + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"n{i}=v"));
        Assert.True(Challenge.Parse(many)[0].Parameters.Count <= 32);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
    }
}
