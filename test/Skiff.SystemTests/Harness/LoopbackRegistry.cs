// Debian's docker-registry on a loopback port of its own.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Skiff.SystemTests.Harness;

public sealed class LoopbackRegistry : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("skiff-registry-").FullName;
    readonly Process process;

    /// <param name="htpasswd">who may use it, a line each with a bcrypt hash; null: everyone</param>
    public LoopbackRegistry(string? htpasswd = null)
    {
        Port = FreePort();
        File.WriteAllText(
            Path.Combine(root, "config.yml"),
            $$"""
            version: 0.1
            log:
              level: error
              accesslog:
                disabled: true
            storage:
              filesystem:
                rootdirectory: {{root}}/data
              delete:
                enabled: true
            http:
              addr: 127.0.0.1:{{Port}}
            """ + (htpasswd is null ? "" : $"\nauth:\n  htpasswd:\n    realm: test\n    path: {root}/htpasswd\n")
        );
        if (htpasswd is not null)
            File.WriteAllText(Path.Combine(root, "htpasswd"), htpasswd);
        var start = new ProcessStartInfo("docker-registry", ["serve", Path.Combine(root, "config.yml")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        WaitUntilItListens();
    }

    public int Port { get; }
    public string Host => $"127.0.0.1:{Port}";

    /// <summary>Where the blobs lie, for tests that damage them.</summary>
    public string BlobPath(string digest) =>
        Path.Combine(root, "data/docker/registry/v2/blobs/sha256", digest[7..9], digest[7..], "data");

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    void WaitUntilItListens()
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                client.Connect(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException) when (deadline.Elapsed < TimeSpan.FromSeconds(20) && !process.HasExited)
            {
                Thread.Yield();
            }
        }
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(root, recursive: true);
    }
}
