// How a layer says that something of the layers below is gone.
namespace Skiff.Oci.Layers;

public enum WhiteoutKind
{
    /// <summary>An ordinary entry.</summary>
    None,

    /// <summary>".wh.name": name of the layers below is gone.</summary>
    Removed,

    /// <summary>".wh..wh..opq": everything that the layers below have in this directory is gone.</summary>
    Opaque,

    /// <summary>Book-keeping of an old union file system (".wh..wh.plnk" ...): to be passed over.</summary>
    Ignored,

    /// <summary>A mark that would remove the directory itself or its parent.</summary>
    Invalid,
}

/// <summary>image-spec: layer.md, Whiteouts.</summary>
public static class Whiteouts
{
    public static ReadOnlySpan<byte> Prefix => ".wh."u8;
    public static ReadOnlySpan<byte> OpaqueName => ".wh..wh..opq"u8;

    /// <summary>What a name means; <paramref name="target"/> is the name that Removed is about.</summary>
    public static WhiteoutKind Parse(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> target)
    {
        target = default;
        if (!name.StartsWith(Prefix))
            return WhiteoutKind.None;
        if (name.SequenceEqual(OpaqueName))
            return WhiteoutKind.Opaque;
        target = name[Prefix.Length..];
        if (target.StartsWith(Prefix))
            return WhiteoutKind.Ignored;
        return target.IsEmpty || target.SequenceEqual("."u8) || target.SequenceEqual(".."u8)
            ? WhiteoutKind.Invalid
            : WhiteoutKind.Removed;
    }
}
