// Names of layer entries, cleaned: relative to the layer's root, without "." and "..".
namespace Skiff.Oci.Layers;

public static class LayerPath
{
    /// <summary>
    /// Cleans a name by its text alone: "/a//b/./c/" is "a/b/c", "a/../b" is "b", "./" is empty: the root.
    /// </summary>
    /// <param name="destination">at least as long as the name; the result is its beginning</param>
    /// <returns>the length, or -1 if a ".." leads out of the root or the name holds a NUL</returns>
    public static int Clean(ReadOnlySpan<byte> name, Span<byte> destination)
    {
        if (name.Contains((byte)0))
            return -1;
        int length = 0;
        while (!name.IsEmpty)
        {
            int slash = name.IndexOf((byte)'/');
            var component = slash < 0 ? name : name[..slash];
            name = slash < 0 ? default : name[(slash + 1)..];
            if (component.IsEmpty || component.SequenceEqual("."u8))
                continue;
            if (component.SequenceEqual(".."u8))
            {
                if (length == 0)
                    return -1;
                length = Math.Max(destination[..length].LastIndexOf((byte)'/'), 0);
                continue;
            }
            if (length > 0)
                destination[length++] = (byte)'/';
            component.CopyTo(destination[length..]);
            length += component.Length;
        }
        return length;
    }

    /// <summary>The directory and the last component of a cleaned name; the directory is empty for the root.</summary>
    public static void Split(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> directory, out ReadOnlySpan<byte> name)
    {
        int slash = path.LastIndexOf((byte)'/');
        directory = slash < 0 ? default : path[..slash];
        name = path[(slash + 1)..];
    }
}
