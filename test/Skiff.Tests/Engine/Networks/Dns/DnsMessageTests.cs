using System.Buffers.Binary;
using System.Text;
using Skiff.Engine.Networks.Dns;
using Xunit;

namespace Skiff.Tests.Engine.Networks.Dns;

public sealed class DnsMessageTests
{
    internal static byte[] Query(string name, ushort type = DnsCode.A, ushort flags = 0x0100, int edns = 0)
    {
        var bytes = new List<byte> { 0x12, 0x34, (byte)(flags >> 8), (byte)flags, 0, 1, 0, 0, 0, 0, 0, (byte)(edns > 0 ? 1 : 0) };
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
            bytes.AddRange([(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]);
        bytes.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (edns > 0)
            bytes.AddRange([0, 0, 41, (byte)(edns >> 8), (byte)edns, 0, 0, 0, 0, 0, 0]);
        return [.. bytes];
    }

    static DnsQuestion Read(byte[] query)
    {
        Assert.Equal(DnsCode.NoError, DnsMessage.TryReadQuery(query, out var question));
        return question;
    }

    [Fact]
    public void Reads_a_question_in_lower_case_with_the_size_the_client_takes()
    {
        byte[] query = Query("Web.Bridge", edns: 1232);
        Assert.Equal(new DnsQuestion("web.bridge", 1, 1, query.Length - 11, 1232, true), Read(query));
        Assert.Equal(512, Read(Query("x")).MaxUdpBytes);
        Assert.Equal("", Read(Query("")).Name);
    }

    [Fact]
    public void An_answer_with_addresses_repeats_the_question()
    {
        byte[] query = Query("web");
        byte[] answer = DnsMessage.Addresses(query, Read(query), [0xac110002, 0xac110003], 512);
        Assert.Equal("123485800001000200000000" + "0377656200" + "00010001", Convert.ToHexStringLower(answer[..21]));
        Assert.Equal("c00c" + "0001" + "0001" + "0000000a" + "0004" + "ac110002", Convert.ToHexStringLower(answer[21..37]));
        Assert.Equal("ac110003", Convert.ToHexStringLower(answer[^4..]));
        Assert.True(DnsMessage.Answers(answer, query, 21));
    }

    [Fact]
    public void An_answer_that_does_not_fit_says_so()
    {
        byte[] query = Query("web", edns: 512);
        byte[] answer = DnsMessage.Addresses(query, Read(query), [.. Enumerable.Range(0, 100).Select(i => (uint)i)], 512);
        Assert.True(answer.Length <= 512);
        Assert.True(DnsMessage.IsTruncated(answer));
        Assert.Equal((512 - 21 - 11) / 16, BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6)));
        Assert.Equal("00" + "0029" + "0578" + "00000000" + "0000", Convert.ToHexStringLower(answer[^11..]));
    }

    [Fact]
    public void The_name_of_an_address_is_written_label_by_label()
    {
        byte[] query = Query("2.0.17.172.in-addr.arpa", DnsCode.PTR);
        byte[] answer = DnsMessage.Pointer(query, Read(query), "web.bridge");
        Assert.EndsWith(
            "000c" + "03776562" + "06627269646765" + "00",
            Convert.ToHexStringLower(answer),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0x8100, -1)] // an answer
    [InlineData(0x2900, DnsCode.NotImp)] // UPDATE
    public void Other_messages_are_no_queries(int flags, int code) =>
        Assert.Equal(code, DnsMessage.TryReadQuery(Query("web", flags: (ushort)flags), out _));

    [Fact]
    public void Rejects_names_that_point_run_on_or_are_too_long()
    {
        byte[] header = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        byte[] end = [0, 1, 0, 1];
        foreach (
            byte[] name in (byte[][])
                [
                    [0xc0, 12],
                    [64, .. new byte[64], 0],
                    [5, 1, 2],
                    [1, 97],
                    [],
                    Labels(128, 1),
                    Labels(5, 63),
                ]
        )
            Assert.Equal(DnsCode.FormErr, DnsMessage.TryReadQuery([.. header, .. name, .. end], out _));
        Assert.Equal(DnsCode.NoError, DnsMessage.TryReadQuery([.. header, .. Labels(127, 1), .. end], out var longest));
        Assert.Equal(253, longest.Name.Length);
        // A dot or a control character inside a label is in no name of ours.
        Assert.Equal(DnsCode.NoError, DnsMessage.TryReadQuery([.. header, 3, (byte)'a', (byte)'.', 0, 0, .. end], out var odd));
        Assert.Equal("a\ufffd\ufffd", odd.Name);

        static byte[] Labels(int count, byte length) =>
            [.. Enumerable.Range(0, count).SelectMany(_ => (byte[])[length, .. Enumerable.Repeat((byte)'a', length)]), 0];
    }

    [Fact]
    public void Hostile_bytes_are_refused_not_followed()
    {
        var random = new Random(53);
        byte[] good = Query("web.bridge", edns: 4096);
        for (int i = 0; i < 100_000; i++)
        {
            byte[] message = i % 2 == 0 ? new byte[random.Next(80)] : good[..random.Next(good.Length + 1)];
            if (i % 2 == 0)
                random.NextBytes(message);
            for (int flips = random.Next(4); flips > 0 && message.Length > 0; flips--)
                message[random.Next(message.Length)] = (byte)random.Next(256);
            int code = DnsMessage.TryReadQuery(message, out var question);
            if (code == DnsCode.NoError)
            {
                Assert.InRange(question.End, DnsMessage.HeaderBytes, message.Length);
                DnsMessage.Addresses(message, question, [1, 2, 3], question.MaxUdpBytes);
                DnsMessage.Empty(message, question, DnsCode.NXDomain);
                DnsMessage.Answers(good, message, question.End);
            }
            else if (code > 0)
                DnsMessage.Refusal(message, code);
        }
    }
}
