// What went through the interfaces of a process's network namespace, without entering it.
using System.Globalization;

namespace Skiff.Linux.Netlink;

public sealed record InterfaceCounters
{
    public required string Name { get; init; }
    public ulong ReceivedBytes { get; init; }
    public ulong ReceivedPackets { get; init; }
    public ulong ReceiveErrors { get; init; }
    public ulong ReceiveDropped { get; init; }
    public ulong SentBytes { get; init; }
    public ulong SentPackets { get; init; }
    public ulong SendErrors { get; init; }
    public ulong SendDropped { get; init; }

    /// <summary>Of all interfaces but loopback; none if the process is gone. proc_pid_net(5): /proc/PID/net is its namespace's.</summary>
    public static IReadOnlyList<InterfaceCounters> Of(int pid) => Parse(KernelFile.TryRead($"/proc/{pid}/net/dev") ?? "");

    // Inter-|   Receive                                                |  Transmit
    //  face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    internal static List<InterfaceCounters> Parse(string text)
    {
        var all = new List<InterfaceCounters>();
        foreach (string line in text.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            string name = line[..colon].Trim();
            string[] words = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (name == "lo" || words.Length < 16)
                continue;
            ulong[] counts = [.. words.Select(w => ulong.Parse(w, CultureInfo.InvariantCulture))];
            all.Add(
                new InterfaceCounters
                {
                    Name = name,
                    ReceivedBytes = counts[0],
                    ReceivedPackets = counts[1],
                    ReceiveErrors = counts[2],
                    ReceiveDropped = counts[3],
                    SentBytes = counts[8],
                    SentPackets = counts[9],
                    SendErrors = counts[10],
                    SendDropped = counts[11],
                }
            );
        }
        return all;
    }
}
