// Lets a service on loopback be reached at a port that it does not occupy.
using System.Buffers.Binary;
using System.Net;
using Skiff.Linux.Native;
using Skiff.Linux.Netlink;

namespace Skiff.Linux.Nftables;

/// <summary>
/// Rewrites a port in packets to and from one loopback address as they leave a socket, without connection tracking.
/// In the words of nft(8), for 127.0.0.11, port 53 and a service at port 40000 of UDP (the same for TCP):
/// <code>
/// table ip NAME { chain output { type filter hook output priority raw;
///   meta l4proto udp ip daddr 127.0.0.11 udp dport 53 udp dport set 40000
///   meta l4proto udp ip saddr 127.0.0.11 udp sport 40000 udp sport set 53 } }
/// </code>
/// Encoded here: a library context for each namespace costs 4 to 8 ms, this 0.2.
/// </summary>
public static class LoopbackRedirect
{
    const string Chain = "output";
    const byte Tcp = 6;
    const byte Udp = 17;

    // Offsets in the headers of IPv4, UDP and TCP.
    const uint SourceAddress = 12;
    const uint DestinationAddress = 16;
    const uint SourcePort = 0;
    const uint DestinationPort = 2;
    const uint UdpChecksum = 6;
    const uint TcpChecksum = 16;

    /// <summary>Installs the rules in the calling thread's network namespace.</summary>
    /// <param name="replace">there may be such a table already; removing one costs the kernel some milliseconds</param>
    /// <exception cref="ErrnoException">EPERM; ENOENT, EOPNOTSUPP: the kernel lacks nf_tables or a part of it</exception>
    public static void Install(string table, IPAddress address, ushort port, ushort udpPort, ushort tcpPort, bool replace)
    {
        using var socket = NetlinkSocket.Open(Libc.NETLINK_NETFILTER);
        var batch = Encode(table, address, port, udpPort, tcpPort, replace);
        socket.Transact(batch, lastRequest: batch.Count - 2);
    }

    internal static NetlinkBatch Encode(
        string table,
        IPAddress address,
        ushort port,
        ushort udpPort,
        ushort tcpPort,
        bool replace
    )
    {
        byte[] ip = address.GetAddressBytes();
        var batch = new NetlinkBatch();
        Frame(batch, Libc.NFNL_MSG_BATCH_BEGIN);
        if (replace)
        {
            Table(batch, Libc.NFT_MSG_NEWTABLE, Libc.NLM_F_CREATE, table); // so that the removal finds one
            Table(batch, Libc.NFT_MSG_DELTABLE, 0, table);
        }
        Table(batch, Libc.NFT_MSG_NEWTABLE, Libc.NLM_F_CREATE, table);
        AddChain(batch, table);
        AddRule(batch, table, Udp, ip, DestinationAddress, DestinationPort, port, udpPort, UdpChecksum, 0);
        AddRule(batch, table, Udp, ip, SourceAddress, SourcePort, udpPort, port, UdpChecksum, 0);
        AddRule(batch, table, Tcp, ip, DestinationAddress, DestinationPort, port, tcpPort, TcpChecksum, 0);
        AddRule(batch, table, Tcp, ip, SourceAddress, SourcePort, tcpPort, port, TcpChecksum, Libc.NLM_F_ACK);
        Frame(batch, Libc.NFNL_MSG_BATCH_END);
        return batch;
    }

    static void Frame(NetlinkBatch batch, ushort type)
    {
        ushort subsystem = BinaryPrimitives.ReverseEndianness(Libc.NFNL_SUBSYS_NFTABLES);
        batch.Begin(type, 0, new Libc.NetfilterMessage { ResourceId = subsystem }, "nftables transaction");
        batch.End();
    }

    static void Begin(NetlinkBatch batch, ushort message, ushort flags, string subject) =>
        batch.Begin(
            (ushort)((Libc.NFNL_SUBSYS_NFTABLES << 8) | message),
            flags,
            new Libc.NetfilterMessage { Family = Libc.AF_INET },
            subject
        );

    static void Table(NetlinkBatch batch, ushort message, ushort flags, string table)
    {
        Begin(batch, message, flags, $"table {table}");
        batch.Attribute(Libc.NFTA_TABLE_NAME, table);
        batch.End();
    }

    static void AddChain(NetlinkBatch batch, string table)
    {
        Begin(batch, Libc.NFT_MSG_NEWCHAIN, Libc.NLM_F_CREATE, $"chain {table} {Chain}");
        batch.Attribute(Libc.NFTA_CHAIN_TABLE, table);
        batch.Attribute(Libc.NFTA_CHAIN_NAME, Chain);
        int hook = batch.Nest(Libc.NFTA_CHAIN_HOOK);
        Number(batch, Libc.NFTA_HOOK_HOOKNUM, Libc.NF_INET_LOCAL_OUT);
        Number(batch, Libc.NFTA_HOOK_PRIORITY, unchecked((uint)Libc.NF_IP_PRI_RAW));
        batch.EndNest(hook);
        batch.Attribute(Libc.NFTA_CHAIN_TYPE, "filter");
        batch.End();
    }

    static void AddRule(
        NetlinkBatch batch,
        string table,
        byte protocol,
        byte[] address,
        uint addressOffset,
        uint portOffset,
        ushort from,
        ushort to,
        uint checksumOffset,
        ushort flags
    )
    {
        flags |= Libc.NLM_F_CREATE | Libc.NLM_F_APPEND;
        Begin(batch, Libc.NFT_MSG_NEWRULE, flags, $"rule {table} {Chain}");
        batch.Attribute(Libc.NFTA_RULE_TABLE, table);
        batch.Attribute(Libc.NFTA_RULE_CHAIN, Chain);
        int expressions = batch.Nest(Libc.NFTA_RULE_EXPRESSIONS);
        Expression(
            batch,
            "meta",
            () =>
            {
                Number(batch, Libc.NFTA_META_KEY, Libc.NFT_META_L4PROTO);
                Number(batch, Libc.NFTA_META_DREG, Libc.NFT_REG_1);
            }
        );
        Equals(batch, [protocol]);
        Load(batch, Libc.NFT_PAYLOAD_NETWORK_HEADER, addressOffset, 4);
        Equals(batch, address);
        Load(batch, Libc.NFT_PAYLOAD_TRANSPORT_HEADER, portOffset, 2);
        Equals(batch, Port(from));
        Expression(
            batch,
            "immediate",
            () =>
            {
                Number(batch, Libc.NFTA_IMMEDIATE_DREG, Libc.NFT_REG_1);
                Value(batch, Libc.NFTA_IMMEDIATE_DATA, Port(to));
            }
        );
        Expression(
            batch,
            "payload",
            () =>
            {
                Number(batch, Libc.NFTA_PAYLOAD_SREG, Libc.NFT_REG_1);
                Number(batch, Libc.NFTA_PAYLOAD_BASE, Libc.NFT_PAYLOAD_TRANSPORT_HEADER);
                Number(batch, Libc.NFTA_PAYLOAD_OFFSET, portOffset);
                Number(batch, Libc.NFTA_PAYLOAD_LEN, 2);
                Number(batch, Libc.NFTA_PAYLOAD_CSUM_TYPE, Libc.NFT_PAYLOAD_CSUM_INET);
                Number(batch, Libc.NFTA_PAYLOAD_CSUM_OFFSET, checksumOffset);
            }
        );
        batch.EndNest(expressions);
        batch.End();
    }

    static void Load(NetlinkBatch batch, uint header, uint offset, uint length) =>
        Expression(
            batch,
            "payload",
            () =>
            {
                Number(batch, Libc.NFTA_PAYLOAD_DREG, Libc.NFT_REG_1);
                Number(batch, Libc.NFTA_PAYLOAD_BASE, header);
                Number(batch, Libc.NFTA_PAYLOAD_OFFSET, offset);
                Number(batch, Libc.NFTA_PAYLOAD_LEN, length);
            }
        );

    static void Equals(NetlinkBatch batch, byte[] value) =>
        Expression(
            batch,
            "cmp",
            () =>
            {
                Number(batch, Libc.NFTA_CMP_SREG, Libc.NFT_REG_1);
                Number(batch, Libc.NFTA_CMP_OP, Libc.NFT_CMP_EQ);
                Value(batch, Libc.NFTA_CMP_DATA, value);
            }
        );

    static void Expression(NetlinkBatch batch, string name, Action content)
    {
        int element = batch.Nest(Libc.NFTA_LIST_ELEM);
        batch.Attribute(Libc.NFTA_EXPR_NAME, name);
        int data = batch.Nest(Libc.NFTA_EXPR_DATA);
        content();
        batch.EndNest(data);
        batch.EndNest(element);
    }

    static void Value(NetlinkBatch batch, ushort type, byte[] value)
    {
        int data = batch.Nest(type);
        batch.Attribute(Libc.NFTA_DATA_VALUE, value);
        batch.EndNest(data);
    }

    static byte[] Port(ushort port) => [(byte)(port >> 8), (byte)port];

    /// <summary>Numbers of nf_tables are big-endian.</summary>
    static void Number(NetlinkBatch batch, ushort type, uint value) =>
        batch.Attribute(type, BinaryPrimitives.ReverseEndianness(value));
}
