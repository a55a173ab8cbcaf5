using System.Text;
using System.Text.Json;
using Skiff.Runtime.Shim;

namespace Skiff.Tests.Runtime.Shim;

public sealed class ForeignConfigTests
{
    [Fact]
    public void Leaves_out_what_only_we_understand_and_keeps_the_rest()
    {
        const string Ours = """
            {
              "ociVersion": "1.2.1",
              "root": { "path": "/somewhere", "readonly": true },
              "process": { "args": ["sh"], "cwd": "/" },
              "mounts": [{ "destination": "/", "type": "overlay" }, { "destination": "/proc", "type": "proc" }],
              "linux": {
                "namespaces": [{ "type": "network", "path": "/proc/self/fd/4" }, { "type": "pid", "path": "/proc/7/ns/pid" }, { "type": "mount" }],
                "cgroupsPath": "/skiff/x"
              }
            }
            """;
        using var theirs = JsonDocument.Parse(ForeignConfig.Of(Encoding.UTF8.GetBytes(Ours), "/proc/5/fd/4"));
        JsonElement root = theirs.RootElement;
        Assert.Equal("""{"path":"rootfs","readonly":true}""", root.GetProperty("root").GetRawText());
        Assert.Equal("/proc", root.GetProperty("mounts").EnumerateArray().Single().GetProperty("destination").GetString());
        Assert.Equal("/skiff/x", root.GetProperty("linux").GetProperty("cgroupsPath").GetString());
        Assert.Equal("sh", root.GetProperty("process").GetProperty("args")[0].GetString());
        Assert.Equal(
            ["network /proc/5/fd/4", "pid /proc/7/ns/pid", "mount "],
            root.GetProperty("linux")
                .GetProperty("namespaces")
                .EnumerateArray()
                .Select(n =>
                    $"{n.GetProperty("type")} {(n.TryGetProperty("path", out JsonElement path) ? path.GetString() : "")}"
                )
        );
    }

    [Fact]
    public void The_reason_of_a_failure_is_the_last_error_in_the_log()
    {
        string log = Path.GetTempFileName();
        File.WriteAllText(
            log,
            """
            {"level":"error","msg":"first"}
            {"level":"error","msg":"last"}
            {"level":"warning","msg":"something"}
            no json

            """
        );
        Assert.Equal("last", ForeignConfig.LastError(log));
        File.Delete(log);
        Assert.Null(ForeignConfig.LastError(log));
    }
}
