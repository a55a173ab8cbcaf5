// The table of user ranges that engines share.
using Skiff.Engine.Containers;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class UserIdLeasesTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    UserIdLeases Of(string name) =>
        new(Path.Combine(root, "table"), Directory.CreateDirectory(Path.Combine(root, name)).FullName);

    static IEnumerable<uint> Others(UserIdLeases leases, params uint[] own)
    {
        IEnumerable<uint> seen = [];
        leases.Change(others =>
        {
            seen = others.Order();
            return own;
        });
        return seen;
    }

    [Fact]
    public void Each_engine_sees_what_the_others_have()
    {
        Assert.Empty(Others(Of("one"), 1, 2));
        Assert.Equal([1u, 2], Others(Of("a place with spaces"), 3));
        Assert.Equal([3u], Others(Of("one"), 2));
        Assert.Equal([2u], Others(Of("a place with spaces")));
    }

    [Fact]
    public void What_a_data_root_had_that_is_gone_is_free()
    {
        Others(Of("one"), 7);
        Directory.Delete(Path.Combine(root, "one"));
        Assert.Empty(Others(Of("two")));
    }

    [Fact]
    public void A_change_that_fails_changes_nothing()
    {
        Others(Of("one"), 7);
        Assert.Throws<InvalidOperationException>(() => Of("one").Change(_ => throw new InvalidOperationException()));
        Assert.Equal([7u], Others(Of("two")));
    }

    [Fact]
    public void Lines_that_are_no_ranges_are_passed_over()
    {
        var one = Of("one");
        Others(one, 7);
        File.AppendAllText(Path.Combine(root, "table", "ranges"), $"\nx\n 5\n-1 {root}\n99999999999 {root}\n8 {root}\n");
        Assert.Equal([8u], Others(one, 7));
    }
}
