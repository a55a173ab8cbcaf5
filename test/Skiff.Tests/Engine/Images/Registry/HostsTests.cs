// Which endpoints are asked, and which may be asked without TLS.
using Skiff.Engine;
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Images.Registry;

public sealed class HostsTests
{
    static async Task<IEnumerable<string>> For(EngineOptions options, string name, bool push = false)
    {
        using var hosts = new Hosts(options, new RegistryPolicy());
        var endpoints = await hosts.ForAsync(Reference.Parse(name), push, TestContext.Current.CancellationToken);
        return endpoints.Select(e => $"{e.Base}{(e.IsMirror ? " mirror" : "")}{(e.Insecure ? " insecure" : "")}");
    }

    static EngineOptions Mirrors(params (string Of, string Address)[] mirrors) =>
        new() { RegistryMirrors = [.. mirrors.Select(m => new RegistryMirror(m.Of, new Uri(m.Address)))] };

    [Fact]
    public async Task Asks_the_mirrors_of_a_registry_or_of_a_part_of_it()
    {
        var options = Mirrors(("quay.example", "https://m.example"), ("r.example/team", "https://n.example/a"));
        Assert.Equal(["https://m.example/ mirror", "https://quay.example/"], await For(options, "quay.example/a/b"));
        Assert.Equal(["https://n.example/a/ mirror", "https://r.example/"], await For(options, "r.example/team/app"));
        Assert.Equal(["https://r.example/"], await For(options, "r.example/teams/app"));
        Assert.Equal(["https://registry-1.docker.io/"], await For(options, "debian"));
        Assert.Equal(["https://quay.example/"], await For(options, "quay.example/a/b", push: true));
    }

    [Fact]
    public async Task Asks_mirrors_before_docker_hub_but_never_pushes_there()
    {
        var options = Mirrors(("docker.io", "http://127.0.0.1:5000"), ("docker.io", "https://m.example/prefix"));
        Assert.Equal(
            ["http://127.0.0.1:5000/ mirror insecure", "https://m.example/prefix/ mirror", "https://registry-1.docker.io/"],
            await For(options, "debian")
        );
        Assert.Equal(["https://registry-1.docker.io/"], await For(options, "debian", push: true));
        Assert.Equal(["https://r.example/"], await For(options, "r.example/a"));
    }

    [Theory]
    [InlineData("localhost:5000/a", true)]
    [InlineData("127.1.2.3/a", true)]
    [InlineData("[::1]:5000/a", true)]
    [InlineData("10.9.1.1:5000/a", true)]
    [InlineData("named.example/a", true)]
    [InlineData("named.example:5000/a", true)]
    [InlineData("port.example:5000/a", true)]
    [InlineData("port.example/a", false)]
    [InlineData("10.8.1.1/a", false)]
    [InlineData("localhost.example/a", false)]
    public async Task Allows_plain_http_only_where_named_or_local(string name, bool insecure)
    {
        var options = new EngineOptions { InsecureRegistries = ["10.9.0.0/16", "named.example", "port.example:5000"] };
        var authority = Reference.Parse(name).Domain;
        Assert.Equal(
            insecure ? [$"https://{authority}/ insecure", $"http://{authority}/ insecure"] : [$"https://{authority}/"],
            await For(options, name)
        );
    }

    [Fact]
    public async Task Remembers_which_scheme_answered()
    {
        using var hosts = new Hosts(new EngineOptions(), new RegistryPolicy());
        var name = Reference.Parse("localhost:5000/a");
        var endpoints = await hosts.ForAsync(name, push: false, TestContext.Current.CancellationToken);
        hosts.Answered(endpoints[1]);
        endpoints = await hosts.ForAsync(name, push: false, TestContext.Current.CancellationToken);
        Assert.Equal("http", endpoints[0].Base.Scheme);
    }
}
