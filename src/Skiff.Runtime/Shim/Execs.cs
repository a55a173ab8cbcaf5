// The execs of a container, as its shim holds them.
using Skiff.Linux.Processes;
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>
/// By id. An exec is here from the first Attach or Exec that names it; it goes when its clients leave before it was
/// launched, or when enough others have ended after it, so that a container with a health check does not grow.
/// </summary>
internal sealed class Execs(EventLoop loop, IoBuffer buffer)
{
    const int EndedKept = 64;

    readonly Dictionary<string, HeldProcess> byId = [];
    readonly Queue<string> ended = [];

    public IEnumerable<HeldProcess> All => byId.Values;

    public HeldProcess? Find(string id) => byId.GetValueOrDefault(id);

    public HeldProcess FindOrAdd(string id)
    {
        if (byId.TryGetValue(id, out HeldProcess? exec))
            return exec;
        exec = new HeldProcess(loop, buffer) { Record = status => Ended(id, status), Unattended = () => Unattended(id) };
        byId.Add(id, exec);
        return exec;
    }

    public void Remove(string id) => byId.Remove(id);

    ExitAnswer Ended(string id, ExitStatus status)
    {
        ended.Enqueue(id);
        if (ended.Count > EndedKept)
            byId.Remove(ended.Dequeue());
        return new ExitAnswer(status.ShellCode, OomKilled: false, DateTimeOffset.UtcNow);
    }

    void Unattended(string id)
    {
        if (byId.GetValueOrDefault(id) is { IsPending: true, IsUnattended: true })
            byId.Remove(id);
    }
}
