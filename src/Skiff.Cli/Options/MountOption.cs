// --mount, and --volume.
using System.Globalization;
using Skiff.Docker;
using Skiff.Oci.Images;

namespace Skiff.Cli.Options;

/// <summary>"type=bind,source=/a,target=/b,readonly,...". Without a type it is a volume.</summary>
internal static class MountOption
{
    /// <exception cref="FormatException">an unknown field, a wrong value, or options of another type</exception>
    public static MountBody Parse(string text)
    {
        string type = "volume";
        string? source = null,
            target = null,
            consistency = null,
            subpath = null,
            imageSubpath = null,
            volumeDriver = null;
        bool readOnly = false;
        BindOptions? bind = null;
        TmpfsOptions? tmpfs = null;
        bool noCopy = false;
        Dictionary<string, string> volumeLabels = [],
            volumeOptions = [];
        foreach (string field in Csv.Split(text))
        {
            var (key, value) = Values.Pair(field);
            bool bare = !field.Contains('=');
            switch (key.ToLowerInvariant())
            {
                case "type":
                    type = value.ToLowerInvariant();
                    break;
                case "source" or "src":
                    source = Absolute(value);
                    break;
                case "target" or "dst" or "destination":
                    target = value;
                    break;
                case "readonly" or "ro":
                    readOnly = Bool(key, value, bare);
                    break;
                case "consistency":
                    consistency = value.ToLowerInvariant();
                    break;
                case "bind-propagation":
                    bind = (bind ?? new BindOptions()) with { Propagation = value.ToLowerInvariant() };
                    break;
                case "bind-nonrecursive":
                    bind = (bind ?? new BindOptions()) with { NonRecursive = Bool(key, value, bare) };
                    break;
                case "bind-create-src":
                    bind = (bind ?? new BindOptions()) with { CreateMountpoint = Bool(key, value, bare) };
                    break;
                case "bind-recursive":
                    bind = Recursive(bind ?? new BindOptions(), value);
                    break;
                case "volume-subpath":
                    subpath = value;
                    break;
                case "volume-nocopy":
                    noCopy = Bool(key, value, bare);
                    break;
                case "volume-label":
                    Put(volumeLabels, value);
                    break;
                case "volume-driver":
                    volumeDriver = value;
                    break;
                case "volume-opt":
                    Put(volumeOptions, value);
                    break;
                case "image-subpath":
                    imageSubpath = value;
                    break;
                case "tmpfs-size":
                    tmpfs = (tmpfs ?? new TmpfsOptions()) with { SizeBytes = Values.Bytes(value) };
                    break;
                case "tmpfs-mode":
                    tmpfs = (tmpfs ?? new TmpfsOptions()) with { Mode = Octal(value) };
                    break;
                case var _ when bare:
                    throw new FormatException($"invalid field '{field}' must be a key=value pair");
                default:
                    throw new FormatException($"unexpected key '{key}' in '{field}'");
            }
        }
        bool hasVolumeOptions =
            noCopy || subpath is not null || volumeDriver is not null || volumeLabels.Count > 0 || volumeOptions.Count > 0;
        if (string.IsNullOrEmpty(target))
            throw new FormatException("target is required");
        if (type == "bind" && bind is { ReadOnlyNonRecursive: true } or { ReadOnlyForceRecursive: true } && !readOnly)
            throw new FormatException("option 'bind-recursive' needs 'readonly' with this value");
        Only("bind", bind is not null);
        Only("volume", hasVolumeOptions);
        Only("image", imageSubpath is not null);
        Only("tmpfs", tmpfs is not null);
        return new MountBody
        {
            Type = type,
            Source = source,
            Target = target,
            ReadOnly = readOnly,
            Consistency = consistency,
            BindOptions = bind,
            VolumeOptions = hasVolumeOptions
                ? new VolumeOptions
                {
                    NoCopy = noCopy,
                    Subpath = subpath,
                    Labels = volumeLabels.Count == 0 ? null : volumeLabels,
                    DriverConfig =
                        volumeDriver is null && volumeOptions.Count == 0
                            ? null
                            : new VolumeDriverConfig
                            {
                                Name = volumeDriver,
                                Options = volumeOptions.Count == 0 ? null : volumeOptions,
                            },
                }
                : null,
            ImageOptions = imageSubpath is null ? null : new ImageOptions { Subpath = imageSubpath },
            TmpfsOptions = tmpfs,
        };

        void Only(string owner, bool used)
        {
            if (used && type != owner)
                throw new FormatException($"cannot mix '{owner}-*' options with mount type '{type}'");
        }
    }

    static BindOptions Recursive(BindOptions bind, string value) =>
        value switch
        {
            "enabled" => bind,
            "disabled" => bind with { NonRecursive = true },
            "writable" => bind with { ReadOnlyNonRecursive = true },
            "readonly" => bind with { ReadOnlyForceRecursive = true },
            _ => throw new FormatException(
                $"invalid value for bind-recursive: {value} (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")"
            ),
        };

    static void Put(Dictionary<string, string> map, string pair)
    {
        var (key, value) = Values.Pair(pair);
        map[key] = value;
    }

    static bool Bool(string key, string value, bool bare) =>
        bare
        || value switch
        {
            "1" or "true" => true,
            "0" or "false" => false,
            _ => throw new FormatException($"invalid value for {key}: {value}"),
        };

    static uint Octal(string text)
    {
        try
        {
            return Convert.ToUInt32(text, 8);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new FormatException($"invalid value for tmpfs-mode: {text}");
        }
    }

    /// <summary>A path that begins with a dot is one of this directory, here and not at the engine.</summary>
    public static string Absolute(string path) =>
        path.StartsWith("./", StringComparison.Ordinal) || path.StartsWith("../", StringComparison.Ordinal) || path is "." or ".."
            ? Path.GetFullPath(path)
            : path;
}

/// <summary>--volume: "/a:/b[:options]" and "name:/b" are bound, "/b" alone is a volume without a name.</summary>
internal static class VolumeOption
{
    public static (List<string> Binds, Dictionary<string, EmptyObject> Volumes) Split(IReadOnlyList<string> texts)
    {
        var binds = new List<string>();
        var volumes = new Dictionary<string, EmptyObject>();
        foreach (string text in texts)
        {
            if (text.Length == 0)
                throw new FormatException("invalid volume specification: ''");
            int colon = text.IndexOf(':');
            if (colon < 0)
                volumes[text] = new EmptyObject();
            else
                binds.Add(MountOption.Absolute(text[..colon]) + text[colon..]);
        }
        return (binds, volumes);
    }
}
