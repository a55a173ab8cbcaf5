// Hears what others remove from an nftables table: the kernel's own announcements, nobody asks again and again.
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Skiff.Linux.Native;
using Skiff.Linux.Netlink;

namespace Skiff.Linux.Nftables;

/// <summary>
/// Member of the multicast group of nf_tables: each transaction of anybody arrives as its changes, and then a message
/// that tells the thread which made it. netlink(7), linux/netfilter/nf_tables.h.
/// </summary>
public sealed class NftMonitor : IDisposable
{
    const int ReceiveBytes = 64 << 10;

    readonly Socket socket;
    readonly string table;
    readonly byte[] buffer = new byte[ReceiveBytes];
    bool touched;

    NftMonitor(Socket socket, string table)
    {
        this.socket = socket;
        this.table = table;
    }

    /// <summary>Begins to listen in the calling thread's network namespace.</summary>
    /// <exception cref="ErrnoException">EPERM; EPROTONOSUPPORT: the kernel has no nfnetlink</exception>
    public static unsafe NftMonitor Open(string table)
    {
        int number = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_NETFILTER);
        using var made = new Fd((int)Libc.Check(number, "socket", "AF_NETLINK"));
        int group = Libc.NFNLGRP_NFTABLES;
        Libc.Check(
            Libc.setsockopt(number, Libc.SOL_NETLINK, Libc.NETLINK_ADD_MEMBERSHIP, &group, sizeof(int)),
            "setsockopt",
            "NETLINK_ADD_MEMBERSHIP"
        );
        return new NftMonitor(new Socket(new SafeSocketHandle(made.Release(), ownsHandle: true)), table);
    }

    /// <summary>Waits until somebody who is not this process has removed something of the table, or all of it.</summary>
    public async Task RemovedByOthersAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                int length = await socket.ReceiveAsync(buffer, cancellation);
                if (Read(buffer.AsSpan(0, length), ref touched))
                    return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
            {
                touched = false;
                return; // more has happened than the kernel could keep for us: it may have been that
            }
        }
    }

    /// <summary>True if a transaction that removed something of the table is complete, and was not this process's.</summary>
    /// <param name="removed">what the transaction that is being told has done so far</param>
    bool Read(ReadOnlySpan<byte> datagram, ref bool removed)
    {
        bool found = false;
        var messages = new NetlinkMessages(datagram);
        while (messages.Next())
        {
            if (messages.Header.Type >> 8 != Libc.NFNL_SUBSYS_NFTABLES || messages.Body.Length < Header)
                continue;
            var attributes = new NetlinkAttributes(messages.Body[Header..]);
            switch ((ushort)(messages.Header.Type & 0xff))
            {
                case Libc.NFT_MSG_NEWGEN:
                    found |= removed && !IsOurs(ThreadOf(ref attributes));
                    removed = false;
                    break;
                case Libc.NFT_MSG_DELTABLE:
                case Libc.NFT_MSG_DELCHAIN:
                case Libc.NFT_MSG_DELRULE:
                case Libc.NFT_MSG_DELSET:
                case Libc.NFT_MSG_DELSETELEM:
                    // In all of them the first attribute is the table's name.
                    while (attributes.Next())
                        removed |= attributes.Type == Libc.NFTA_TABLE_NAME && attributes.Text == table;
                    break;
            }
        }
        return found;
    }

    static int Header => Unsafe.SizeOf<Libc.NetfilterMessage>();

    static uint ThreadOf(ref NetlinkAttributes attributes)
    {
        while (attributes.Next())
            if (attributes.Type == Libc.NFTA_GEN_PROC_PID && attributes.Value.Length == 4)
                return BinaryPrimitives.ReadUInt32BigEndian(attributes.Value);
        return 0;
    }

    /// <summary>A thread of ours that has ended meanwhile passes for a stranger: that costs one transaction too many.</summary>
    static bool IsOurs(uint thread) => Directory.Exists($"/proc/self/task/{thread}");

    public void Dispose() => socket.Dispose();
}
