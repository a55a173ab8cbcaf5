// --device, --gpus, the limits of devices, --ulimit, --security-opt.
using System.Globalization;
using System.Text.Json;
using Skiff.Docker;

namespace Skiff.Cli.Options;

/// <summary>All throw FormatException with a reason.</summary>
internal static class DeviceOption
{
    static readonly string[] Ulimits =
    [
        "as",
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];

    // Of the IPC namespace: proc_sys_kernel(5)
    static readonly string[] Sysctls =
    [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];

    /// <summary>"vendor.com/class=name", a device by its CDI name.</summary>
    public static bool IsCdi(string text) => !text.StartsWith('/') && text.Contains('=') && text.Contains('/');

    /// <summary>"/dev/a", "/dev/a:/dev/b", "/dev/a:rwm", "/dev/a:/dev/b:rwm".</summary>
    public static DeviceMapping Mapping(string text)
    {
        string[] parts = text.Split(':');
        string host = parts[0],
            inside = host,
            access = "rwm";
        if (parts.Length is 0 or > 3 || host.Length == 0)
            throw new FormatException("invalid device specification: " + text);
        if (parts.Length == 3)
            (inside, access) = (parts[1], parts[2]);
        else if (parts.Length == 2 && IsAccess(parts[1]))
            access = parts[1];
        else if (parts.Length == 2)
            inside = parts[1];
        return IsAccess(access)
            ? new DeviceMapping(host, inside, access)
            : throw new FormatException("invalid device mode: " + access);
    }

    public static bool Check(string text) => IsCdi(text) || Mapping(text) is not null;

    /// <summary>Only what belongs to a namespace of the container may be set.</summary>
    public static string Sysctl(string text)
    {
        var (key, _) = Values.Pair(text);
        return
            key.StartsWith("net.", StringComparison.Ordinal)
            || key.StartsWith("fs.mqueue.", StringComparison.Ordinal)
            || Array.IndexOf(Sysctls, key) >= 0
            ? text
            : throw new FormatException($"sysctl '{text}' is not allowed");
    }

    static bool IsAccess(string text) =>
        text.Length is > 0 and <= 3 && text.All("rwm".Contains) && text.Distinct().Count() == text.Length;

    public static IReadOnlyList<DeviceRequestBody> Requests(IReadOnlyList<string> gpus, IReadOnlyList<string> devices)
    {
        var requests = gpus.Select(Gpu).ToList();
        var cdi = devices.Where(IsCdi).ToList();
        if (cdi.Count > 0)
            requests.Add(new DeviceRequestBody { Driver = "cdi", DeviceIDs = cdi });
        return requests;
    }

    public static DeviceRequestBody Gpu(string text)
    {
        var request = new DeviceRequestBody
        {
            Count = 1,
            Capabilities =
            [
                ["gpu"],
            ],
        };
        foreach (string field in Csv.Split(text))
        {
            var (key, value) = Values.Pair(field);
            if (!field.Contains('='))
                (key, value) = ("count", field);
            request = key switch
            {
                "count" => request with { Count = value == "all" ? -1 : Number<int>(value, "count") },
                "device" => request with { Count = 0, DeviceIDs = value.Split(',') },
                "driver" => request with { Driver = value },
                "capabilities" => request with
                {
                    Capabilities =
                    [
                        [.. value.Split(',').Append("gpu").Distinct()],
                    ],
                },
                "options" => request with { Options = Values.Map(value.Split(',')) },
                _ => throw new FormatException($"unexpected key '{key}' in '{field}'"),
            };
        }
        return request;
    }

    public static WeightDevice Weight(string text)
    {
        var (path, value) = PathAndValue(text);
        ushort weight = Number<ushort>(value, "weight for device");
        return weight is 0 or (>= 10 and <= 1000)
            ? new WeightDevice(path, weight)
            : throw new FormatException("invalid weight for device: " + text);
    }

    public static ThrottleDevice Rate(string text)
    {
        var (path, value) = PathAndValue(text);
        return new ThrottleDevice(path, (ulong)Values.Bytes(value));
    }

    public static ThrottleDevice Count(string text)
    {
        var (path, value) = PathAndValue(text);
        return new ThrottleDevice(path, Number<ulong>(value, "rate for device"));
    }

    static (string Path, string Value) PathAndValue(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon > 0 && text.StartsWith("/dev/", StringComparison.Ordinal)
            ? (text[..colon], text[(colon + 1)..])
            : throw new FormatException("bad format for device path: " + text);
    }

    static T Number<T>(string text, string what)
        where T : struct, System.Numerics.INumberBase<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"invalid {what}: {text}");

    /// <summary>"nofile=1024" or "nofile=1024:2048"; -1 is unlimited.</summary>
    public static UlimitBody Ulimit(string text)
    {
        var (name, limits) = Values.Pair(text);
        if (limits.Length == 0)
            throw new FormatException("invalid ulimit argument: " + text);
        if (Array.IndexOf(Ulimits, name) < 0)
            throw new FormatException("invalid ulimit type: " + name);
        string[] parts = limits.Split(':');
        if (parts.Length > 2)
            throw new FormatException("too many limit value arguments - " + limits + ", can only have up to two, `soft[:hard]`");
        long soft = Number<long>(parts[0], "ulimit");
        long hard = parts.Length == 2 ? Number<long>(parts[1], "ulimit") : soft;
        if (hard != -1 && (soft == -1 || soft > hard))
            throw new FormatException(
                $"ulimit soft limit must be less than or equal to hard limit: {(soft == -1 ? "soft: -1 (unlimited), hard: " + hard : $"{soft} > {hard}")}"
            );
        return new UlimitBody(name, hard, soft);
    }
}

/// <summary>--security-opt. A seccomp profile is read here; system paths are set as paths.</summary>
internal sealed record SecurityOption(IReadOnlyList<string> Options, bool SystemPathsUnconfined)
{
    public static SecurityOption Parse(IReadOnlyList<string> texts)
    {
        var options = new List<string>();
        bool unconfined = false;
        foreach (string text in texts)
        {
            if (text == "systempaths=unconfined")
                unconfined = true;
            else if (Profile(text) is { } path)
                options.Add("seccomp=" + Read(path));
            else if (text.Contains('=') || text.Contains(':') || text == "no-new-privileges" || text == "disable")
                options.Add(text);
            else
                throw new FormatException("Invalid --security-opt: \"" + text + "\"");
        }
        return new SecurityOption(options, unconfined);
    }

    static string? Profile(string text) =>
        text.StartsWith("seccomp=", StringComparison.Ordinal)
        && text[8..] is var path
        && path is not ("unconfined" or "builtin" or "")
            ? path
            : null;

    // Without white space, as an engine that keeps it in its records would like it.
    static string Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            using var compact = new MemoryStream();
            using (var writer = new Utf8JsonWriter(compact))
                document.WriteTo(writer);
            return System.Text.Encoding.UTF8.GetString(compact.ToArray());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The framework's own texts are left out of this program.
            string why =
                e is FileNotFoundException or DirectoryNotFoundException ? "no such file or directory"
                : Directory.Exists(path) ? "is a directory"
                : "permission denied";
            throw new FormatException($"opening seccomp profile ({path}) failed: open {path}: {why}");
        }
        catch (JsonException e)
        {
            throw new FormatException($"compacting json for seccomp profile ({path}) failed: no JSON at line {e.LineNumber + 1}");
        }
    }
}
