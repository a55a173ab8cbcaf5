// The options of the local driver: what is mounted in place of a volume's directory.
using System.Net;
using Skiff.Linux;
using Skiff.Linux.Mounts;

namespace Skiff.Engine.Volumes;

/// <summary>`-o type=tmpfs -o device=tmpfs -o o=size=64m`: as mount(8) takes them.</summary>
internal static class LocalDriver
{
    /// <exception cref="EngineException">InvalidParameter, in Docker's words; NotImplemented: a size</exception>
    internal static void Check(IReadOnlyDictionary<string, string> options)
    {
        foreach (var (option, value) in options)
            switch (option)
            {
                case "type" or "device" or "o":
                    break;
                case "size":
                    throw EngineException.NotImplemented(
                        $"volume option \"size={value}\" is not supported: Skiff has no quotas; "
                            + "a volume in memory can have a size: type=tmpfs, device=tmpfs, o=size=..."
                    );
                default:
                    throw EngineException.Invalid($"invalid option: \"{option}\"");
            }
        Needs("device", "type");
        Needs("type", "device");
        Needs("o", "device");

        void Needs(string option, string other)
        {
            if (options.ContainsKey(option) && !options.ContainsKey(other))
                throw EngineException.Invalid($"missing required option: \"{other}\"");
        }
    }

    /// <summary>Mounts what the options name at a directory.</summary>
    /// <exception cref="ErrnoException">what the kernel says against it</exception>
    internal static void Mount(IReadOnlyDictionary<string, string> options, string directory)
    {
        string device = options["device"];
        string[] words = options.TryGetValue("o", out string? text) ? text.Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
        var flags = MountFlags.None;
        var data = new List<string>();
        foreach (string word in words)
            switch (word)
            {
                case "bind" or "rbind" or "rw" or "defaults" or "exec" or "suid" or "dev":
                    break;
                case "ro":
                    flags |= MountFlags.ReadOnly;
                    break;
                case "nosuid":
                    flags |= MountFlags.NoSuid;
                    break;
                case "nodev":
                    flags |= MountFlags.NoDevices;
                    break;
                case "noexec":
                    flags |= MountFlags.NoExec;
                    break;
                case "noatime":
                    flags |= MountFlags.NoAccessTime;
                    break;
                default:
                    data.Add(Resolved(word));
                    break;
            }
        bool bind = words.Contains("bind") || words.Contains("rbind");
        using var mount = bind
            ? MountApi.Clone(device, recursive: words.Contains("rbind"))
            : MountApi.Make(options["type"], device, data, flags);
        if (bind && flags != MountFlags.None)
            MountApi.Change(mount, new MountChange(flags), recursive: false);
        MountApi.Attach(mount, directory);
    }

    /// <summary>The kernel's NFS takes the server by number only.</summary>
    static string Resolved(string option)
    {
        const string Key = "addr=";
        if (!option.StartsWith(Key, StringComparison.Ordinal) || IPAddress.TryParse(option[Key.Length..], out _))
            return option;
        try
        {
            return Key + Dns.GetHostAddresses(option[Key.Length..])[0];
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw EngineException.Invalid($"error resolving volume option {option}: {e.Message}");
        }
    }
}
