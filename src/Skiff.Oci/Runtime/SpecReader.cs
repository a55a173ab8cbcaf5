// Reads config.json by hand. The source-generated context does the same, but takes two milliseconds and a megabyte to
// set itself up, which every container and every shim would pay.
using System.Text.Json;

namespace Skiff.Oci.Runtime;

/// <summary>Members that the types do not have are skipped, as RuntimeJson does. A test holds the two together.</summary>
public static class SpecReader
{
    /// <exception cref="JsonException">malformed, or a member is of the wrong kind or missing</exception>
    public static Spec Read(ReadOnlyMemory<byte> utf8) => Parse(utf8, Spec);

    /// <summary>A process object, as an exec has it.</summary>
    /// <exception cref="JsonException">malformed, or a member is of the wrong kind or missing</exception>
    public static SpecProcess ReadProcess(ReadOnlyMemory<byte> utf8) => Parse(utf8, Process);

    /// <summary>A linux.resources object by itself, as an update has it.</summary>
    /// <exception cref="JsonException">malformed, or a member is of the wrong kind or missing</exception>
    public static LinuxResources ReadResources(ReadOnlyMemory<byte> utf8) => Parse(utf8, LinuxSpecReader.Resources);

    static T Parse<T>(ReadOnlyMemory<byte> utf8, Func<JsonElement, T> read)
    {
        using var document = JsonDocument.Parse(utf8);
        try
        {
            return read(document.RootElement);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e); // a text where a number should be, a number out of range ...
        }
    }

    static Spec Spec(JsonElement e) =>
        new()
        {
            OciVersion = e.Text("ociVersion") ?? "1.2.1",
            Root = e.Object("root", r => new SpecRoot { Path = r.Needed("path"), Readonly = r.Bool("readonly") }),
            Process = e.Object("process", Process),
            Hostname = e.Text("hostname"),
            Domainname = e.Text("domainname"),
            Mounts = e.List("mounts", Mount),
            Hooks = e.Object("hooks", Hooks),
            Annotations = e.TextMap("annotations"),
            Linux = e.Object("linux", LinuxSpecReader.Linux),
        };

    static SpecMount Mount(JsonElement e) =>
        new()
        {
            Destination = e.Needed("destination"),
            Type = e.Text("type"),
            Source = e.Text("source"),
            Options = e.Texts("options"),
            UidMappings = e.List("uidMappings", LinuxSpecReader.Mapping),
            GidMappings = e.List("gidMappings", LinuxSpecReader.Mapping),
        };

    static SpecProcess Process(JsonElement e) =>
        new()
        {
            Terminal = e.Bool("terminal"),
            ConsoleSize = e.Object(
                "consoleSize",
                c => new ConsoleSize { Height = c.Number("height").UInt16() ?? 0, Width = c.Number("width").UInt16() ?? 0 }
            ),
            User = e.Object("user", User) ?? new SpecUser(),
            Args = e.Texts("args"),
            Env = e.Texts("env"),
            Cwd = e.Text("cwd") ?? "/",
            Capabilities = e.Object(
                "capabilities",
                c => new LinuxCapabilities
                {
                    Bounding = c.Texts("bounding"),
                    Effective = c.Texts("effective"),
                    Inheritable = c.Texts("inheritable"),
                    Permitted = c.Texts("permitted"),
                    Ambient = c.Texts("ambient"),
                }
            ),
            Rlimits = e.List(
                "rlimits",
                r => new SpecRlimit
                {
                    Type = r.Needed("type"),
                    Soft = r.Number("soft").UInt64() ?? 0,
                    Hard = r.Number("hard").UInt64() ?? 0,
                }
            ),
            NoNewPrivileges = e.Bool("noNewPrivileges"),
            ApparmorProfile = e.Text("apparmorProfile"),
            OomScoreAdj = e.Number("oomScoreAdj").Int32(),
            SelinuxLabel = e.Text("selinuxLabel"),
            Scheduler = e.Object("scheduler", Scheduler),
            ExecCpuAffinity = e.Object(
                "execCPUAffinity",
                a => new LinuxCpuAffinity { Initial = a.Text("initial"), Final = a.Text("final") }
            ),
            IoPriority = e.Object(
                "ioPriority",
                p => new LinuxIoPriority { Class = p.Text("class"), Priority = p.Number("priority").Int32() ?? 0 }
            ),
        };

    static SpecUser User(JsonElement e) =>
        new()
        {
            Uid = e.Number("uid").UInt32() ?? 0,
            Gid = e.Number("gid").UInt32() ?? 0,
            Umask = e.Number("umask").UInt32(),
            AdditionalGids = e.List("additionalGids", g => g.GetUInt32()),
        };

    static LinuxScheduler Scheduler(JsonElement e) =>
        new()
        {
            Policy = e.Text("policy"),
            Nice = e.Number("nice").Int32(),
            Priority = e.Number("priority").Int32(),
            Flags = e.Texts("flags"),
            Runtime = e.Number("runtime").UInt64(),
            Deadline = e.Number("deadline").UInt64(),
            Period = e.Number("period").UInt64(),
        };

    static SpecHooks Hooks(JsonElement e) =>
        new()
        {
            Prestart = e.List("prestart", Hook),
            CreateRuntime = e.List("createRuntime", Hook),
            CreateContainer = e.List("createContainer", Hook),
            StartContainer = e.List("startContainer", Hook),
            Poststart = e.List("poststart", Hook),
            Poststop = e.List("poststop", Hook),
        };

    static SpecHook Hook(JsonElement e) =>
        new()
        {
            Path = e.Needed("path"),
            Args = e.Texts("args"),
            Env = e.Texts("env"),
            Timeout = e.Number("timeout").Int32(),
        };
}
