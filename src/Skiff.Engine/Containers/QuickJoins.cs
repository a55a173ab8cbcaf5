// While a launch is under way, keeps the kernel ready for its process to join cgroups without a wait.
using Skiff.Linux;
using Skiff.Linux.Cgroups;

namespace Skiff.Engine.Containers;

/// <summary>See <see cref="CgroupJoins"/>. Ends when disposed, or by itself.</summary>
internal sealed class QuickJoins : IDisposable
{
    /// <summary>Shorter than a grace period, for which the kernel stays ready.</summary>
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    volatile bool over;

    /// <param name="atMost">ends by itself after this time</param>
    internal static QuickJoins Begin(EngineTasks background, TimeSpan atMost)
    {
        var quick = new QuickJoins();
        background.Run(() => quick.KeepAsync(Environment.TickCount64 + (long)atMost.TotalMilliseconds));
        return quick;
    }

    public void Dispose() => over = true;

    async Task KeepAsync(long deadline)
    {
        try
        {
            using CgroupJoins? joins = CgroupJoins.Open();
            while (joins is not null && !over && Environment.TickCount64 < deadline)
            {
                joins.Quicken();
                await Task.Delay(Interval);
            }
        }
        catch (ErrnoException)
        {
            // A cgroup that we may not write to: then launches take their time.
        }
    }
}
