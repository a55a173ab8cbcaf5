// skiff-runtime features and --version: what this runtime can do, for programs that choose one.
using System.Buffers;
using System.Reflection;
using System.Text.Json;
using Skiff.Linux.Processes;

namespace Skiff.Runtime.Commands;

/// <summary>features: JSON, as features.md and features-linux.md of the runtime-spec have it.</summary>
internal static class FeaturesCommand
{
    const string SpecVersion = "1.2.1";

    static readonly string[] MountOptions =
    [
        "async",
        "atime",
        "bind",
        "defaults",
        "dev",
        "diratime",
        "exec",
        "idmap",
        "noatime",
        "nodev",
        "nodiratime",
        "noexec",
        "norelatime",
        "nostrictatime",
        "nosuid",
        "nosymfollow",
        "private",
        "ratime",
        "rbind",
        "rdev",
        "rdiratime",
        "relatime",
        "rexec",
        "ridmap",
        "rnoatime",
        "rnodev",
        "rnodiratime",
        "rnoexec",
        "rnorelatime",
        "rnostrictatime",
        "rnosuid",
        "rnosymfollow",
        "ro",
        "rprivate",
        "rrelatime",
        "rro",
        "rrw",
        "rshared",
        "rslave",
        "rstrictatime",
        "rsuid",
        "rsymfollow",
        "runbindable",
        "rw",
        "shared",
        "silent",
        "slave",
        "strictatime",
        "suid",
        "symfollow",
        "tmpcopyup",
        "unbindable",
    ];

    public static int Run(ReadOnlySpan<string> given)
    {
        Arguments.Parse("features", given, [], []);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
            Write(writer);
        return Program.Print([.. buffer.WrittenSpan, (byte)'\n']);
    }

    /// <summary>Three lines, in the form that engines read of runc.</summary>
    public static int PrintVersion()
    {
        string full =
            typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        string[] parts = full.Split('+');
        string commit = parts.Length > 1 ? parts[1] : "unknown";
        return Program.Print($"skiff-runtime version {parts[0]}\ncommit: {commit}\nspec: {SpecVersion}\n");
    }

    static void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("ociVersionMin", "1.0.0");
        writer.WriteString("ociVersionMax", SpecVersion);
        Array(writer, "hooks", ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]);
        Array(writer, "mountOptions", MountOptions);
        writer.WriteStartObject("linux");
        Array(writer, "namespaces", ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]);
        Array(writer, "capabilities", Capabilities.All);
        writer.WriteStartObject("cgroup");
        writer.WriteBoolean("v1", true);
        writer.WriteBoolean("v2", true);
        writer.WriteBoolean("systemd", true);
        writer.WriteBoolean("systemdUser", false);
        writer.WriteBoolean("rdma", true);
        writer.WriteEndObject();
        writer.WriteStartObject("seccomp");
        writer.WriteBoolean("enabled", true);
        Array(
            writer,
            "actions",
            [
                "SCMP_ACT_ALLOW",
                "SCMP_ACT_ERRNO",
                "SCMP_ACT_KILL",
                "SCMP_ACT_KILL_PROCESS",
                "SCMP_ACT_KILL_THREAD",
                "SCMP_ACT_LOG",
                "SCMP_ACT_TRACE",
                "SCMP_ACT_TRAP",
            ]
        );
        Array(
            writer,
            "operators",
            ["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"]
        );
        Array(writer, "archs", ["SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"]);
        string[] flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"];
        Array(writer, "knownFlags", flags);
        Array(writer, "supportedFlags", flags);
        writer.WriteEndObject();
        Switch(writer, "apparmor", true);
        Switch(writer, "selinux", true);
        Switch(writer, "intelRdt", false);
        writer.WriteStartObject("mountExtensions");
        Switch(writer, "idmap", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    static void Switch(Utf8JsonWriter writer, string name, bool enabled)
    {
        writer.WriteStartObject(name);
        writer.WriteBoolean("enabled", enabled);
        writer.WriteEndObject();
    }

    static void Array(Utf8JsonWriter writer, string name, IReadOnlyList<string> items)
    {
        writer.WriteStartArray(name);
        foreach (string item in items)
            writer.WriteStringValue(item);
        writer.WriteEndArray();
    }
}
