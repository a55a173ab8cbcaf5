// The DNS messages the resolver reads and writes itself: questions, and answers about containers. RFC 1035, 4.
using System.Buffers.Binary;
using System.Text;

namespace Skiff.Engine.Networks.Dns;

/// <summary>One question as a client sent it.</summary>
/// <param name="Name">lower case, without the final dot; the root is ""</param>
/// <param name="End">offset after the question in the message</param>
/// <param name="MaxUdpBytes">the largest answer the client takes over UDP: 512, or what it says by EDNS (RFC 6891)</param>
internal readonly record struct DnsQuestion(string Name, ushort Type, ushort Class, int End, int MaxUdpBytes, bool HasEdns);

/// <summary>Record types and response codes by their names in RFC 1035.</summary>
internal static class DnsCode
{
    internal const ushort A = 1;
    internal const ushort PTR = 12;
    internal const ushort OPT = 41;
    internal const ushort ANY = 255;
    internal const ushort IN = 1;

    internal const int NoError = 0;
    internal const int FormErr = 1;
    internal const int ServFail = 2;
    internal const int NXDomain = 3;
    internal const int NotImp = 4;
    internal const int Refused = 5;
}

/// <remarks>
/// <code>
/// 0    2      4        6        8        10       12
/// +----+------+--------+--------+--------+--------+----------+--- ...
/// | id |flags |question|answers |authori-|additio-| question | records
/// |    |      | count  | count  |ties    |nals    |          |
/// +----+------+--------+--------+--------+--------+----------+---
/// flags: QR 1, opcode 4, AA 1, TC 1, RD 1, RA 1, zero 3, response code 4
/// question: name, type 2, class 2      record: name, type 2, class 2, TTL 4, length 2, data
/// name: labels, each a length byte (at most 63) and its bytes; ends with a zero byte
/// </code>
/// </remarks>
internal static class DnsMessage
{
    internal const int HeaderBytes = 12;
    internal const int MaxNameBytes = 255;
    internal const int PlainUdpBytes = 512;

    /// <summary>What we say we take, and the most we believe a client takes: RFC 9715 keeps below fragmentation.</summary>
    internal const int EdnsUdpBytes = 1400;
    const int MaxUdpBytes = 4096;
    const int OptBytes = 11;
    const uint TimeToLiveSeconds = 10; // containers come and go

    const ushort QueryResponse = 0x8000;
    const ushort OpcodeMask = 0x7800;
    const ushort Authoritative = 0x0400;
    const ushort Truncated = 0x0200;
    const ushort RecursionDesired = 0x0100;
    const ushort RecursionAvailable = 0x0080;
    const ushort CodeMask = 0x000f;

    internal static ushort Id(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message);

    internal static void SetId(Span<byte> message, ushort id) => BinaryPrimitives.WriteUInt16BigEndian(message, id);

    internal static int Code(ReadOnlySpan<byte> message) => Flags(message) & CodeMask;

    internal static bool IsTruncated(ReadOnlySpan<byte> message) => (Flags(message) & Truncated) != 0;

    /// <summary>
    /// Reads a query. Returns <see cref="DnsCode.NoError"/>, or the code to refuse it with; -1 for what deserves no
    /// answer at all (too short, or an answer itself: answering those could go on for ever).
    /// </summary>
    internal static int TryReadQuery(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = default;
        if (message.Length < HeaderBytes || (Flags(message) & QueryResponse) != 0)
            return -1;
        if ((Flags(message) & OpcodeMask) != 0)
            return DnsCode.NotImp;
        if (Count(message, 4) != 1 || Count(message, 6) != 0 || Count(message, 8) != 0)
            return DnsCode.FormErr;
        int at = HeaderBytes;
        if (ReadName(message, ref at) is not { } name || message.Length - at < 4)
            return DnsCode.FormErr;
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        ushort kind = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
        int end = at + 4;
        bool edns = TryReadEdns(message, end, Count(message, 10), out int size);
        question = new DnsQuestion(name, type, kind, end, size, edns);
        return DnsCode.NoError;
    }

    /// <summary>Whether an answer is to the very question of a query: same id, same question bytes (letters in any case).</summary>
    internal static bool Answers(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> query, int questionEnd) =>
        answer.Length >= questionEnd
        && Id(answer) == Id(query)
        && (Flags(answer) & QueryResponse) != 0
        && Count(answer, 4) == 1
        && Ascii.EqualsIgnoreCase(answer[HeaderBytes..questionEnd], query[HeaderBytes..questionEnd]);

    /// <summary>An answer with addresses; as many as fit, marked as truncated if not all did.</summary>
    internal static byte[] Addresses(ReadOnlySpan<byte> query, in DnsQuestion question, IReadOnlyList<uint> addresses, int limit)
    {
        const int RecordBytes = 16;
        int opt = question.HasEdns ? OptBytes : 0;
        int fitting = Math.Clamp((limit - question.End - opt) / RecordBytes, 0, addresses.Count);
        byte[] answer = Begin(query, question, fitting, fitting * RecordBytes + opt, DnsCode.NoError);
        int at = question.End;
        for (int i = 0; i < fitting; i++)
        {
            at = RecordHead(answer, at, DnsCode.A, 4);
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(at), addresses[i]);
            at += 4;
        }
        if (fitting < addresses.Count)
            MarkTruncated(answer);
        return End(answer, at, question);
    }

    /// <summary>An answer that an address belongs to a name.</summary>
    internal static byte[] Pointer(ReadOnlySpan<byte> query, in DnsQuestion question, string name)
    {
        byte[] target = WriteName(name);
        int opt = question.HasEdns ? OptBytes : 0;
        byte[] answer = Begin(query, question, 1, 12 + target.Length + opt, DnsCode.NoError);
        int at = RecordHead(answer, question.End, DnsCode.PTR, target.Length);
        target.CopyTo(answer, at);
        return End(answer, at + target.Length, question);
    }

    /// <summary>An answer without records: no data (NoError), or why not.</summary>
    internal static byte[] Empty(ReadOnlySpan<byte> query, in DnsQuestion question, int code) =>
        End(Begin(query, question, 0, question.HasEdns ? OptBytes : 0, code), question.End, question);

    /// <summary>The refusal of a query that could not be read: its header only.</summary>
    internal static byte[] Refusal(ReadOnlySpan<byte> query, int code)
    {
        byte[] answer = new byte[HeaderBytes];
        WriteHeader(answer, query, questions: 0, answers: 0, additional: 0, code);
        return answer;
    }

    /// <summary>An answer of another server, cut to its question and marked: the client asks again over TCP.</summary>
    internal static byte[] Truncate(ReadOnlySpan<byte> answer, int questionEnd)
    {
        byte[] cut = answer[..questionEnd].ToArray();
        cut.AsSpan(6, 6).Clear();
        MarkTruncated(cut);
        return cut;
    }

    /// <summary>A name as bytes. Labels that are too long or empty are not written: the caller's names have none.</summary>
    internal static byte[] WriteName(string name)
    {
        var bytes = new List<byte>(name.Length + 2);
        foreach (string label in name.Split('.'))
        {
            byte[] text = Encoding.UTF8.GetBytes(label);
            if (text.Length is 0 or > 63 || bytes.Count + text.Length + 2 > MaxNameBytes)
                continue;
            bytes.Add((byte)text.Length);
            bytes.AddRange(text);
        }
        bytes.Add(0);
        return [.. bytes];
    }

    /// <summary>
    /// Reads a name without pointers: in a question there is nothing to point back to. Bytes outside printable ASCII,
    /// and dots inside a label, become U+FFFD, which is in no name of ours. Null if it is malformed.
    /// </summary>
    static string? ReadName(ReadOnlySpan<byte> message, ref int at)
    {
        Span<char> name = stackalloc char[MaxNameBytes];
        int length = 0,
            start = at;
        for (; ; )
        {
            if (at >= message.Length)
                return null;
            int label = message[at++];
            if (label == 0)
                return name[..Math.Max(length - 1, 0)].ToString(); // without the last dot
            // Length with the final zero at most 255.
            if (label > 63 || label > message.Length - at || at + label - start >= MaxNameBytes)
                return null;
            foreach (byte b in message.Slice(at, label))
                name[length++] = b is > 0x20 and < 0x7f and not (byte)'.' ? char.ToLowerInvariant((char)b) : '\ufffd';
            name[length++] = '.';
            at += label;
        }
    }

    /// <summary>The client's OPT record, if the additional records begin with one: others (TSIG) are left to the server asked.</summary>
    static bool TryReadEdns(ReadOnlySpan<byte> message, int at, int additional, out int size)
    {
        size = PlainUdpBytes;
        if (additional == 0 || message.Length - at < OptBytes || message[at] != 0)
            return false;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[(at + 1)..]) != DnsCode.OPT)
            return false;
        size = Math.Clamp((int)BinaryPrimitives.ReadUInt16BigEndian(message[(at + 3)..]), PlainUdpBytes, MaxUdpBytes);
        return true;
    }

    static byte[] Begin(ReadOnlySpan<byte> query, in DnsQuestion question, int answers, int more, int code)
    {
        byte[] answer = new byte[question.End + more];
        query[..question.End].CopyTo(answer);
        WriteHeader(answer, query, questions: 1, answers, additional: question.HasEdns ? 1 : 0, code);
        return answer;
    }

    static void WriteHeader(Span<byte> answer, ReadOnlySpan<byte> query, int questions, int answers, int additional, int code)
    {
        int kept = Flags(query) & (OpcodeMask | RecursionDesired);
        int flags = QueryResponse | Authoritative | RecursionAvailable | kept | code;
        SetId(answer, Id(query));
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], (ushort)flags);
        BinaryPrimitives.WriteUInt16BigEndian(answer[4..], (ushort)questions);
        BinaryPrimitives.WriteUInt16BigEndian(answer[6..], (ushort)answers);
        BinaryPrimitives.WriteUInt16BigEndian(answer[8..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(answer[10..], (ushort)additional);
    }

    /// <summary>The head of a record whose name is that of the question; returns where its data begins.</summary>
    static int RecordHead(Span<byte> answer, int at, ushort type, int dataBytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(answer[at..], 0xc000 | HeaderBytes); // pointer to the question's name
        BinaryPrimitives.WriteUInt16BigEndian(answer[(at + 2)..], type);
        BinaryPrimitives.WriteUInt16BigEndian(answer[(at + 4)..], DnsCode.IN);
        BinaryPrimitives.WriteUInt32BigEndian(answer[(at + 6)..], TimeToLiveSeconds);
        BinaryPrimitives.WriteUInt16BigEndian(answer[(at + 10)..], (ushort)dataBytes);
        return at + 12;
    }

    /// <summary>Appends our OPT record if the client sent one. RFC 6891, 6.1.1</summary>
    static byte[] End(byte[] answer, int at, in DnsQuestion question)
    {
        if (question.HasEdns)
        {
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 1), DnsCode.OPT);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 3), EdnsUdpBytes);
        }
        return answer;
    }

    static void MarkTruncated(Span<byte> message) =>
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], (ushort)(Flags(message) | Truncated));

    static int Flags(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message[2..]);

    static int Count(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
}
