using Skiff.Engine;
using Skiff.Engine.Bundles;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class UserResolverTests
{
    static readonly string[] Passwd =
    [
        "# users",
        "root:x:0:0:root:/root:/bin/bash",
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
        " app:x:1000:1001::/home/app:/bin/sh",
        "short:x:50:51",
        "broken",
        "huge:x:4294967295:0::/:",
    ];

    static readonly string[] Group = ["root:x:0:", "audio:x:29:app,other", "games:x:60:", "app:x:1001:app", "staff:x:50:app"];

    [Theory]
    [InlineData("", 0, 0, "", "/root")]
    [InlineData("root", 0, 0, "", "/root")]
    [InlineData("app", 1000, 1001, "29 50", "/home/app")]
    [InlineData("1000", 1000, 1001, "29 50", "/home/app")]
    [InlineData("app:games", 1000, 60, "", "/home/app")]
    [InlineData("app:4242", 1000, 4242, "", "/home/app")]
    [InlineData(":games", 0, 60, "", "/root")]
    [InlineData("12345", 12345, 0, "", "/")]
    [InlineData("12345:60", 12345, 60, "", "/")]
    [InlineData("short", 50, 51, "", "/")]
    [InlineData("app:", 1000, 1001, "29 50", "/home/app")]
    public void A_user_is_found_as_docker_finds_it(string user, uint uid, uint gid, string additional, string home)
    {
        var found = UserResolver.Resolve(user, Passwd, Group, []);

        Assert.Equal((uid, gid, additional, home), (found.Uid, found.Gid, string.Join(' ', found.AdditionalGids), found.Home));
    }

    [Fact]
    public void Groups_may_be_added_by_name_and_number() =>
        Assert.Equal([29u, 4000u], UserResolver.Resolve("app:games", Passwd, Group, ["audio", "4000", "29"]).AdditionalGids);

    [Theory]
    [InlineData("nope", "unable to find user nope: no matching entries in passwd file")]
    [InlineData("1:nope", "unable to find group nope: no matching entries in group file")]
    [InlineData("-1", "uids and gids must be in range 0-2147483647")]
    [InlineData("4294967295", "uids and gids must be in range 0-2147483647")]
    [InlineData("99999999999", "uids and gids must be in range 0-2147483647")]
    [InlineData("root:2147483648", "uids and gids must be in range 0-2147483647")]
    [InlineData("huge", "uids and gids must be in range 0-2147483647")]
    public void What_cannot_be_found_is_said_in_dockers_words(string user, string message)
    {
        var e = Assert.Throws<EngineException>(() => UserResolver.Resolve(user, Passwd, Group, []));
        Assert.Equal((ErrorKind.InvalidParameter, message), (e.Kind, e.Message));
    }

    [Fact]
    public void An_image_without_user_database_still_runs_as_numbers()
    {
        Assert.Equal(new Version(7, 8), new Version((int)Resolve("7:8").Uid, (int)Resolve("7:8").Gid));
        Assert.Equal(0u, Resolve("").Uid);
        Assert.Throws<EngineException>(() => Resolve("root"));

        static ResolvedUser Resolve(string user) => UserResolver.Resolve(user, [], [], []);
    }
}
