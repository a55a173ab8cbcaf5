// Where the log's lines are cut.
using System.Text;
using Skiff.Runtime.Shim;
using Xunit;

namespace Skiff.Tests.Runtime.Shim;

public sealed class LineSplitterTests
{
    [Fact]
    public void Lines_are_whole_however_the_output_was_cut()
    {
        byte[] output = Encoding.UTF8.GetBytes("one\n\ntwo words\nlast");
        for (int step = 1; step <= output.Length; step++)
            Assert.Equal(["one+", "+", "two words+", "last"], Split(output, step));
    }

    [Theory]
    [InlineData(16383, "16383+")]
    [InlineData(16384, "16384 0+")]
    [InlineData(16385, "16384 1+")]
    [InlineData(40000, "16384 16384 7232+")]
    public void Long_lines_are_cut_after_16_KiB(int length, string expected)
    {
        byte[] output = Encoding.UTF8.GetBytes(new string('x', length) + "\n");
        foreach (int step in (int[])[1, 1000, 16384, 65536])
        {
            IEnumerable<string> lengths = Split(output, step)
                .Select(line => line.EndsWith('+') ? $"{line.Length - 1}+" : $"{line.Length}");
            Assert.Equal(expected, string.Join(' ', lengths));
        }
    }

    [Theory]
    [InlineData("é")]
    [InlineData("語")]
    [InlineData("🛶")]
    public void No_character_is_cut_in_two(string character)
    {
        for (int shift = 0; shift < 4; shift++)
        {
            string text = new string('x', shift) + string.Concat(Enumerable.Repeat(character, 20000));
            foreach (int step in (int[])[1, 3, 16383, 65536])
            {
                List<string> lines = Split(Encoding.UTF8.GetBytes(text), step);
                Assert.DoesNotContain(lines, line => line.Contains('\ufffd', StringComparison.Ordinal));
                Assert.Equal(text, string.Concat(lines));
            }
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_cut_all_the_same()
    {
        byte[] output = new byte[50000];
        Array.Fill(output, (byte)0x9f);
        var splitter = new LineSplitter();
        int total = 0;
        ReadOnlySpan<byte> bytes = output;
        while (splitter.TryNext(ref bytes, out ReadOnlySpan<byte> line, out _))
        {
            Assert.InRange(line.Length, 1, LineSplitter.MaxBytes);
            total += line.Length;
        }
        Assert.Equal(50000, total + splitter.TakeRest().Length);
    }

    static List<string> Split(byte[] output, int step)
    {
        var splitter = new LineSplitter();
        List<string> lines = [];
        for (int at = 0; at < output.Length; at += step)
        {
            ReadOnlySpan<byte> bytes = output.AsSpan(at, Math.Min(step, output.Length - at));
            while (!bytes.IsEmpty && splitter.TryNext(ref bytes, out ReadOnlySpan<byte> line, out bool newline))
                lines.Add(Encoding.UTF8.GetString(line) + (newline ? "+" : ""));
        }
        if (splitter.TakeRest() is { IsEmpty: false } rest)
            lines.Add(Encoding.UTF8.GetString(rest));
        return lines;
    }
}
