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
    public static Bundle Load(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        string file = System.IO.Path.Combine(path, "config.json");
        Spec spec;
        try
        {
            using FileStream stream = File.OpenRead(file);
            if (stream.Length > LongestConfigBytes)
                throw new LaunchException(FailureKind.Other, $"{file} is longer than {LongestConfigBytes} bytes");
            byte[] text = new byte[stream.Length];
            stream.ReadExactly(text);
            spec = SpecReader.Read(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LaunchException(FailureKind.Other, $"cannot read {file}: {e.Message}", e);
        }
        SpecValidator.Check(spec);
        return new Bundle(path, spec);
    }
}
