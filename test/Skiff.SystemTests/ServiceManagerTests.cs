// What systemd does with skiffd: hands it a listening socket, waits for READY, finds everything where install put it.
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class ServiceManagerTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Opens a socket as descriptor 3 and becomes the program, as systemd does; perl is in every Debian.
    const string Activate = """
        use Socket; use POSIX (); $^F = 255;
        my ($path, @command) = @ARGV;
        socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; bind($s, sockaddr_un($path)) or die; listen($s, 64) or die;
        POSIX::dup2(fileno($s), 3) or die; if (fileno($s) != 3) { POSIX::close(fileno($s)); }
        $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1;
        exec @command;
        """;

    readonly string root = Directory.CreateTempSubdirectory("skiff-service-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_socket_of_the_service_manager_is_served_and_readiness_is_told()
    {
        var stop = TestContext.Current.CancellationToken;
        string api = Path.Combine(root, "skiff.sock");
        string notify = Path.Combine(root, "notify");
        string run = $"/run/sks{Environment.ProcessId}";
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(notify));
        var start = new ProcessStartInfo(
            "perl",
            [
                "-e",
                Activate,
                api,
                Path.Combine(EngineUnderTest.Bin, "skiffd"),
                "-H",
                "fd://",
                "--data-root",
                Path.Combine(root, "data"),
                "--exec-root",
                run,
                "--bridge",
                $"sks{Environment.ProcessId}",
            ]
        )
        {
            Environment = { ["NOTIFY_SOCKET"] = notify },
        };
        using var daemon = Process.Start(start)!;
        try
        {
            Assert.Equal("READY=1", await HearAsync(manager, stop));
            var host = new Dictionary<string, string> { ["DOCKER_HOST"] = $"unix://{api}" };
            Command.Run(EngineUnderTest.ClientPath("skiff"), ["version"], null, host).Expect();
            Command.Run("docker", ["version"], null, host).Expect();
        }
        finally
        {
            Command.Run("kill", "-TERM", $"{daemon.Id}");
        }
        Assert.Equal("STOPPING=1", await HearAsync(manager, stop));
        Assert.True(daemon.WaitForExit(Patience));
        Assert.Equal(0, daemon.ExitCode);
        Assert.True(File.Exists(api), "the socket belongs to the service manager");
        Command
            .Run(
                Path.Combine(EngineUnderTest.Bin, "skiffd"),
                [
                    "--cleanup",
                    "--data-root",
                    Path.Combine(root, "data"),
                    "--exec-root",
                    run,
                    "--bridge",
                    $"sks{Environment.ProcessId}",
                ],
                null,
                null
            )
            .Expect();
        Directory.Delete(run, recursive: true);
    }

    [Fact]
    public void Without_such_a_socket_the_error_says_what_to_do()
    {
        var result = Command.Run(
            Path.Combine(EngineUnderTest.Bin, "skiffd"),
            [
                "-H",
                "fd://",
                "--data-root",
                Path.Combine(root, "data"),
                "--exec-root",
                Path.Combine(root, "run"),
                "--bridge",
                "sknone0",
            ],
            null,
            null
        );
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("skiff.socket", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Install_puts_programs_units_and_completions_in_their_places_and_takes_them_away()
    {
        string repository = Path.GetFullPath(Path.Combine(EngineUnderTest.Bin, "..", ".."));
        var environment = new Dictionary<string, string> { ["DESTDIR"] = root, ["PREFIX"] = "/opt/skiff" };
        Command.Run(Path.Combine(repository, "build", "install"), [], null, environment).Expect();
        Assert.Contains(
            "Client:",
            Command.Run($"{root}/opt/skiff/bin/skiff", ["version"], null, NoEngine).Output,
            StringComparison.Ordinal
        );
        string unit = File.ReadAllText($"{root}/etc/systemd/system/skiff.service");
        Assert.Contains("ExecStart=/opt/skiff/bin/skiffd -H fd://", unit, StringComparison.Ordinal);
        Assert.Contains(
            "ListenStream=/run/skiff/skiff.sock",
            File.ReadAllText($"{root}/etc/systemd/system/skiff.socket"),
            StringComparison.Ordinal
        );
        Command.Run("bash", "-n", $"{root}/opt/skiff/share/bash-completion/completions/skiff").Expect();
        Assert.True(File.Exists($"{root}/opt/skiff/share/zsh/site-functions/_skiff"));
        Assert.True(File.Exists($"{root}/opt/skiff/share/fish/vendor_completions.d/skiff.fish"));
        Command.Run(Path.Combine(repository, "build", "install"), ["--remove"], null, environment).Expect();
        Assert.Empty(Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories));
    }

    Dictionary<string, string> NoEngine => new() { ["DOCKER_HOST"] = $"unix://{root}/nobody.sock" };

    static async Task<string> HearAsync(Socket manager, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        byte[] datagram = new byte[256];
        int count = await manager.ReceiveAsync(datagram, patience.Token);
        return Encoding.UTF8.GetString(datagram, 0, count);
    }
}
