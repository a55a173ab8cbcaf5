// --platform where the API takes JSON, and files to read.
using System.Text.Json;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli.Options;

internal static class PlatformOption
{
    /// <summary>"linux/arm64/v8" as the API's JSON; null stays null.</summary>
    /// <exception cref="FormatException">not of that form</exception>
    public static string? ToJson(string? text)
    {
        if (text is null)
            return null;
        string[] parts = text.Split('/');
        if (parts.Length is < 2 or > 3)
            throw new FormatException($"\"{text}\" is no platform: use os/architecture[/variant]");
        var platform = new Platform
        {
            OS = parts[0],
            Architecture = parts[1],
            Variant = parts.Length == 3 ? parts[2] : null,
        };
        return JsonSerializer.Serialize(platform, DockerJson.Wire.Platform);
    }
}

internal static class InputFile
{
    /// <summary>A file to send, with the words of the shell for what is wrong with it.</summary>
    public static Stream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException($"open {path}: no such file or directory");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException($"open {path}: {(Directory.Exists(path) ? "is a directory" : "permission denied")}");
        }
    }
}
