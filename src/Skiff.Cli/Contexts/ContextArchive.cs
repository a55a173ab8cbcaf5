// A context as a file to carry elsewhere: docker's tar of meta.json and tls/.
using System.Text;
using Skiff.Oci.Layers;

namespace Skiff.Cli.Contexts;

internal static class ContextArchive
{
    const int LongestMetadata = 1 << 20;

    public static void Write(DockerContext context, Stream output)
    {
        var tar = new TarWriter(output);
        tar.WriteFile("meta.json", context.ToJson(), default);
        tar.Begin(
            new TarEntry
            {
                Kind = TarKind.Directory,
                Name = "tls"u8.ToArray(),
                Mode = 0x1c0, // 0700
            }
        );
        tar.Finish();
    }

    /// <exception cref="CliException">not such an archive, or one with keys, which skiff cannot use</exception>
    public static DockerContext Read(Stream input, string name)
    {
        DockerContext? context = null;
        try
        {
            var tar = new TarReader(input);
            while (tar.Next() is { } entry)
            {
                string path = Encoding.UTF8.GetString(entry.Name.Span).TrimStart('.', '/');
                if (entry.Kind == TarKind.File && path.StartsWith("tls/", StringComparison.Ordinal))
                    throw new CliException("a context with TLS keys is not supported by this release of Skiff");
                if (path != "meta.json" || entry.Size > LongestMetadata)
                    continue;
                using var contents = new MemoryStream();
                tar.OpenContents().CopyTo(contents);
                context = DockerContext.Parse(contents.ToArray(), "the archive");
            }
        }
        catch (InvalidDataException e)
        {
            throw new CliException("invalid context: " + e.Message);
        }
        return context is null ? throw new CliException("invalid context: no metadata found") : context with { Name = name };
    }
}
