// Which lines of ps(1) are a container's.
using Skiff.Engine;
using Skiff.Engine.Containers;

namespace Skiff.Tests.Engine.Containers;

public sealed class HostPsTests
{
    [Fact]
    public void Only_wanted_processes_stay_and_the_last_column_is_one()
    {
        var (titles, rows) = HostPs.Parse("  PID TTY  CMD\n   1 ?  init\n  42 pts/0 sleep 10  20\n", new HashSet<int> { 42 });
        Assert.Equal(["PID", "TTY", "CMD"], titles);
        Assert.Equal(["42", "pts/0", "sleep 10 20"], Assert.Single(rows));
    }

    [Fact]
    public void Threads_follow_their_process()
    {
        var (_, rows) = HostPs.Parse("PID STAT\n1 -\n- S\n42 -\n- R\n", new HashSet<int> { 42 });
        Assert.Equal(["42 -", "- R"], rows.Select(r => string.Join(' ', r)));
    }

    [Fact]
    public void Without_a_column_of_pids_nothing_can_be_told() =>
        Assert.Equal(
            "Couldn't find PID field in ps output",
            Assert.Throws<EngineException>(() => HostPs.Parse("COMMAND\nsleep\n", new HashSet<int>())).Message
        );
}
