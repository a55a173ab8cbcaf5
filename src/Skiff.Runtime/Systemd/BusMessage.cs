// A message of D-Bus: what it is, and the strings and numbers that it carries. dbus-specification, Message Protocol.
using System.Buffers.Binary;
using System.Text;

namespace Skiff.Runtime.Systemd;

/*
    'l' type flags 1 | length of the body | serial | array of (code, variant): the fields | pad to 8 | body
*/
internal sealed record BusMessage(byte Type, uint ReplyTo, string Member, string ErrorName, byte[] Body)
{
    public const byte MethodCall = 1;
    public const byte Error = 3;
    public const byte Signal = 4;

    /// <summary>What is read first: from it follows how much more there is.</summary>
    public const int StartBytes = 16;

    const int LongestBytes = 1 << 20; // of what systemd ever tells us
    const byte PathField = 1;
    const byte InterfaceField = 2;
    const byte MemberField = 3;
    const byte ErrorField = 4;
    const byte ReplyField = 5;
    const byte DestinationField = 6;
    const byte SignatureField = 8;

    /// <param name="signature">of the body; empty: there is none</param>
    public static byte[] Call(
        uint serial,
        string destination,
        string path,
        string face,
        string member,
        string signature,
        byte[] body
    ) =>
        new BusWriter()
            .Byte((byte)'l')
            .Byte(MethodCall)
            .Byte(0)
            .Byte(1)
            .UInt32((uint)body.Length)
            .UInt32(serial)
            .Array(
                8,
                fields =>
                {
                    fields.Align(8).Byte(PathField).Signature("o").String(path);
                    fields.Align(8).Byte(InterfaceField).Signature("s").String(face);
                    fields.Align(8).Byte(MemberField).Signature("s").String(member);
                    fields.Align(8).Byte(DestinationField).Signature("s").String(destination);
                    if (signature.Length > 0)
                        fields.Align(8).Byte(SignatureField).Signature("g").Signature(signature);
                }
            )
            .Align(8)
            .Append(body)
            .ToArray();

    /// <summary>Bytes of the whole message, from its start.</summary>
    /// <exception cref="InvalidDataException">it is no message that could be ours</exception>
    public static int LengthOf(ReadOnlySpan<byte> start)
    {
        if (start[0] != 'l' || start[3] != 1)
            throw new InvalidDataException("systemd answers in another protocol than D-Bus");
        long fields = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        long body = BinaryPrimitives.ReadUInt32LittleEndian(start[4..]);
        long length = ((StartBytes + fields + 7) & ~7L) + body;
        return length <= LongestBytes
            ? (int)length
            : throw new InvalidDataException($"systemd sends a message of {length} bytes");
    }

    /// <exception cref="InvalidDataException">it is malformed</exception>
    public static BusMessage Parse(byte[] message)
    {
        uint replyTo = 0;
        string member = "";
        string error = "";
        int end = StartBytes + (int)BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(12));
        var reader = new BusReader(message, StartBytes);
        while (reader.Position < end)
        {
            reader.Align(8);
            byte code = reader.Byte();
            string type = reader.Signature();
            uint number = type == "u" ? reader.UInt32() : 0;
            string text = type switch
            {
                "s" or "o" => reader.String(),
                "g" => reader.Signature(),
                "u" => "",
                _ => throw new InvalidDataException($"systemd sends a field of type {type}"),
            };
            if (code == ReplyField)
                replyTo = number;
            else if (code == MemberField)
                member = text;
            else if (code == ErrorField)
                error = text;
        }
        return new BusMessage(message[1], replyTo, member, error, message[((end + 7) & ~7)..]);
    }
}

/// <summary>Reads values in order.</summary>
internal sealed class BusReader(byte[] bytes, int position = 0)
{
    public int Position { get; private set; } = position;

    public void Align(int to) => Position = (Position + to - 1) / to * to;

    public byte Byte() => Take(1)[0];

    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    public string String()
    {
        uint length = UInt32();
        string text = Encoding.UTF8.GetString(Take(length));
        Take(1);
        return text;
    }

    public string Signature()
    {
        string text = Encoding.ASCII.GetString(Take(Byte()));
        Take(1);
        return text;
    }

    ReadOnlySpan<byte> Take(uint count)
    {
        if (count > bytes.Length - Position)
            throw new InvalidDataException("systemd sends a message that ends too soon");
        var taken = bytes.AsSpan(Position, (int)count);
        Position += (int)count;
        return taken;
    }
}
