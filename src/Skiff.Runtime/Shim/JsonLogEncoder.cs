// One line of output as a line of Docker's json-file:
// {"log":"...\n","stream":"stdout","attrs":{"k":"v"},"time":"2026-01-02T03:04:05.6Z"}
using System.Buffers;
using System.Text;

namespace Skiff.Runtime.Shim;

/// <param name="attributes">a JSON object, the same in every line; null: none</param>
internal sealed class JsonLogEncoder(string? attributes) : LogEncoder
{
    // What Docker writes as it is: printable ASCII but the JSON and HTML specials, and DEL.
    static readonly SearchValues<byte> Plain = SearchValues.Create(Range(0x20, 0x7f, except: "\"\\<>&"u8));

    readonly byte[] beforeTime = Encoding.UTF8.GetBytes(attributes is null ? "" : $",\"attrs\":{attributes}");
    long stampTicks = -1;
    readonly byte[] stamp = new byte[32];
    int stampLength;

    public override void Add(ReadOnlySpan<byte> line, bool newline, bool stderr, DateTime time)
    {
        Put("{\"log\":\""u8);
        PutEscaped(line);
        if (newline)
            Put("\\n"u8);
        Put(stderr ? "\",\"stream\":\"stderr\""u8 : "\",\"stream\":\"stdout\""u8);
        Put(beforeTime);
        Put(",\"time\":\""u8);
        PutTime(time);
        Put("\"}\n"u8);
    }

    void PutEscaped(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAnyExcept(Plain);
            if (plain < 0)
            {
                Put(text);
                return;
            }
            Put(text[..plain]);
            text = text[plain..];
            // Specials come in groups: colours, binary output, text beyond ASCII.
            do text = text[(text[0] < 0x80 ? PutAscii(text[0]) : PutRune(text))..];
            while (!text.IsEmpty && !Plain.Contains(text[0]));
        }
    }

    int PutAscii(byte b)
    {
        if (b is (byte)'"' or (byte)'\\')
            Put([(byte)'\\', b]);
        else if (b == '\n')
            Put("\\n"u8);
        else if (b == '\r')
            Put("\\r"u8);
        else // Docker escapes a tab as \u0009, and < > & as HTML-safe JSON does.
            Put([(byte)'\\', (byte)'u', (byte)'0', (byte)'0', Hex(b >> 4), Hex(b & 15)]);
        return 1;
    }

    /// <summary>Copies a character beyond ASCII; of an invalid sequence one byte becomes U+FFFD, as Go decodes.</summary>
    int PutRune(ReadOnlySpan<byte> text)
    {
        if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done)
        {
            Put("\\ufffd"u8);
            return 1;
        }
        if (rune.Value is 0x2028 or 0x2029) // line ends in JavaScript but not in JSON
            Put(rune.Value == 0x2028 ? "\\u2028"u8 : "\\u2029"u8);
        else
            Put(text[..length]);
        return length;
    }

    /// <summary>RFC 3339 in UTC, with the fraction's trailing zeros left out, as Go's RFC3339Nano.</summary>
    void PutTime(DateTime time)
    {
        if (time.Ticks != stampTicks)
        {
            stampTicks = time.Ticks;
            stampLength = FormatTime(time, stamp);
        }
        Put(stamp.AsSpan(0, stampLength));
    }

    internal static int FormatTime(DateTime time, Span<byte> text)
    {
        Digits(text, 0, 4, time.Year);
        text[4] = (byte)'-';
        Digits(text, 5, 2, time.Month);
        text[7] = (byte)'-';
        Digits(text, 8, 2, time.Day);
        text[10] = (byte)'T';
        Digits(text, 11, 2, time.Hour);
        text[13] = (byte)':';
        Digits(text, 14, 2, time.Minute);
        text[16] = (byte)':';
        Digits(text, 17, 2, time.Second);
        int length = 19;
        int fraction = (int)(time.Ticks % TimeSpan.TicksPerSecond);
        if (fraction != 0)
        {
            text[19] = (byte)'.';
            Digits(text, 20, 7, fraction);
            length = 27;
            while (text[length - 1] == '0')
                length--;
        }
        text[length] = (byte)'Z';
        return length + 1;
    }

    static void Digits(Span<byte> text, int at, int digits, int value)
    {
        for (int i = at + digits - 1; i >= at; i--, value /= 10)
            text[i] = (byte)('0' + value % 10);
    }

    static byte Hex(int nibble) => (byte)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10);

    static byte[] Range(int first, int last, ReadOnlySpan<byte> except)
    {
        byte[] bytes = new byte[last - first + 1 - except.Length];
        int at = 0;
        for (int b = first; b <= last; b++)
            if (!except.Contains((byte)b))
                bytes[at++] = (byte)b;
        return bytes;
    }
}
