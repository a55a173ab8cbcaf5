// The 512-byte header of ustar, GNU and older tars: where its fields are and how numbers stand in it.
using System.Numerics;

namespace Skiff.Oci.Layers;

/// <summary>POSIX.1-2017, pax, ustar Interchange Format; GNU tar manual, Basic Tar Format.</summary>
static class TarFormat
{
    //   0 name[100] 100 mode[8] 108 uid[8] 116 gid[8] 124 size[12] 136 mtime[12] 148 chksum[8] 156 typeflag
    // 157 linkname[100] 257 magic[6] 263 version[2] 265 uname[32] 297 gname[32] 329 devmajor[8] 337 devminor[8]
    // 345 prefix[155] (ustar)
    // 345 atime[12] 357 ctime[12] 386 sparse[4]{offset[12] bytes[12]} 482 isextended 483 realsize[12] (GNU)
    public const int Block = 512;
    public const int NameLength = 100;
    public const int PrefixOffset = 345;
    public const int PrefixLength = 155;

    public static readonly Range Name = ..100;
    public static readonly Range Mode = 100..108;
    public static readonly Range Uid = 108..116;
    public static readonly Range Gid = 116..124;
    public static readonly Range Size = 124..136;
    public static readonly Range Mtime = 136..148;
    public static readonly Range Checksum = 148..156;
    public const int TypeFlag = 156;
    public static readonly Range LinkName = 157..257;
    public static readonly Range Magic = 257..265;
    public static readonly Range DeviceMajor = 329..337;
    public static readonly Range DeviceMinor = 337..345;

    public static bool IsUstar(ReadOnlySpan<byte> header) => header[257..263].SequenceEqual("ustar\0"u8);

    public static bool IsGnu(ReadOnlySpan<byte> header) => header[Magic].SequenceEqual("ustar  \0"u8);

    // Joerg Schilling's star: ustar with a shorter prefix and a trailer.
    public static bool IsStar(ReadOnlySpan<byte> header) => IsUstar(header) && header[508..].SequenceEqual("tar\0"u8);

    /// <summary>Up to the first NUL, or all of it.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>Octal digits between spaces and NULs, or base 256 where the first bit is set. An empty field is 0.</summary>
    /// <exception cref="InvalidDataException">neither, or beyond 63 bits</exception>
    public static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
            return Base256(field);
        field = field.TrimStart(" \0"u8);
        int end = field.IndexOfAny((byte)' ', (byte)0);
        if (end >= 0)
            field = field[..end];
        long value = 0;
        foreach (byte digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value >> 60 != 0)
                throw new InvalidDataException("invalid tar header: a number is not octal");
            value = (value << 3) | (uint)(digit - '0');
        }
        return value;
    }

    /// <summary>Whether the checksum is right. Some old tars summed signed bytes.</summary>
    public static bool ChecksumHolds(ReadOnlySpan<byte> header)
    {
        var field = header[Checksum].Trim(" \0"u8);
        if (field.IsEmpty || field.ContainsAnyExceptInRange((byte)'0', (byte)'7'))
            return false;
        long stated = Number(field);
        return stated == Sum(header) || stated == SignedSum(header);
    }

    /// <summary>The sum of the header's bytes with the checksum field taken as spaces.</summary>
    public static int Sum(ReadOnlySpan<byte> header)
    {
        int sum = 8 * ' ';
        foreach (byte b in header[..148])
            sum += b;
        foreach (byte b in header[156..])
            sum += b;
        return sum;
    }

    static int SignedSum(ReadOnlySpan<byte> header)
    {
        int sum = 8 * ' ';
        foreach (byte b in header[..148])
            sum += (sbyte)b;
        foreach (byte b in header[156..])
            sum += (sbyte)b;
        return sum;
    }

    // Two's complement, big endian; the first bit only marks the form, the second is the sign.
    static long Base256(ReadOnlySpan<byte> field)
    {
        Span<byte> bytes = stackalloc byte[field.Length];
        field.CopyTo(bytes);
        if ((bytes[0] & 0x40) == 0)
            bytes[0] &= 0x7f;
        var value = new BigInteger(bytes, isUnsigned: false, isBigEndian: true);
        return value >= long.MinValue && value <= long.MaxValue
            ? (long)value
            : throw new InvalidDataException("invalid tar header: a number is too large");
    }
}
