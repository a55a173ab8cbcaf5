using Skiff.Engine.Events;
using Xunit;

namespace Skiff.Tests.Engine.Events;

public sealed class EventBusTests
{
    static readonly Dictionary<string, string> None = [];

    [Fact]
    public async Task A_late_listener_gets_what_it_asks_for_and_then_what_comes()
    {
        var bus = new EventBus();
        bus.Publish("container", "create", "a", None);
        bus.Publish("container", "start", "a", None);
        var seen = new List<string>();
        await foreach (var happened in bus.SubscribeAsync(DateTimeOffset.MinValue, TestContext.Current.CancellationToken))
        {
            seen.Add(happened.Action);
            if (seen.Count == 2)
                bus.Publish("container", "die", "a", None);
            if (seen.Count == 3)
                break;
        }
        Assert.Equal(["create", "start", "die"], seen);
    }

    [Fact]
    public async Task A_listener_that_does_not_read_loses_its_stream_and_nobody_else_does()
    {
        var bus = new EventBus();
        await using var slow = bus.SubscribeAsync(DateTimeOffset.MinValue, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        bus.Publish("container", "first", "a", None);
        Assert.True(await slow.MoveNextAsync());
        for (int i = 0; i < 10_000; i++)
            bus.Publish("container", "flood", "a", None);
        int got = 0;
        while (await slow.MoveNextAsync())
            got++;
        Assert.InRange(got, 1, 9_999);
    }
}
