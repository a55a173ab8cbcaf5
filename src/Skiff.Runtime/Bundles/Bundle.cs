// An OCI bundle: a directory with config.json.
using System.Text.Json;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Bundles;

/// <param name="Path">absolute</param>
internal sealed record Bundle(string Path, Spec Spec)
{
    /// <summary>More is no configuration but an attack on our memory.</summary>
    const int LongestConfigBytes = 16 << 20;

    /// <summary>Reads and validates config.json. runtime-spec: bundle.md.</summary>
    /// <exception cref="LaunchException">it is missing, malformed or asks for something unsupported</exception>
    public static Bundle Load(string path) => Parse(path, ReadConfig(path));

    /// <summary>The text of config.json.</summary>
    /// <exception cref="LaunchException">it is missing, or too long to be one</exception>
    public static byte[] ReadConfig(string path)
    {
        string file = System.IO.Path.Combine(System.IO.Path.GetFullPath(path), "config.json");
        try
        {
            using FileStream stream = File.OpenRead(file);
            if (stream.Length > LongestConfigBytes)
                throw new LaunchException(FailureKind.Other, $"{file} is longer than {LongestConfigBytes} bytes");
            byte[] text = new byte[stream.Length];
            stream.ReadExactly(text);
            return text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LaunchException(FailureKind.Other, $"cannot read {file}: {e.Message}", e);
        }
    }

    /// <summary>A bundle by the text of its config.json.</summary>
    /// <exception cref="LaunchException">it is malformed or asks for something unsupported</exception>
    public static Bundle Parse(string path, byte[] config)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Spec spec = SpecReader.Read(config);
            SpecValidator.Check(spec);
            return new Bundle(path, spec);
        }
        catch (JsonException e)
        {
            throw new LaunchException(FailureKind.Other, $"cannot read {path}/config.json: {e.Message}", e);
        }
    }
}
