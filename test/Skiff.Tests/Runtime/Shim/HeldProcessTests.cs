// A real process between real sockets: its output to all, its input from one, its end to those who wait.
using System.Buffers.Binary;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.Linux.Spawn;
using Skiff.Linux.Terminals;
using Skiff.Runtime.Launch;
using Skiff.Runtime.Shim;
using Skiff.Tasks;
using Xunit;

namespace Skiff.Tests.Runtime.Shim;

public sealed class HeldProcessTests : IDisposable
{
    readonly EventLoop loop = new(exception => throw exception);
    readonly HeldProcess process;
    readonly List<Fd> opened = [];

    public HeldProcessTests() =>
        process = new HeldProcess(loop, new IoBuffer())
        {
            Record = status => new ExitAnswer(status.ShellCode, false, DateTimeOffset.UnixEpoch),
        };

    public void Dispose()
    {
        foreach (Fd fd in opened)
            fd.Dispose();
        loop.Dispose();
    }

    [Fact]
    public void Every_client_gets_all_output_of_a_process_that_ends_at_once()
    {
        Fd both = Attach();
        Fd errors = Attach(stdout: false);
        Launch("echo out; echo err >&2; exit 3");
        RunToEnd();
        Assert.Equal(3, process.Exit!.Code);
        Assert.Equal(("out\n", "err\n"), ReadFrames(both));
        Assert.Equal(("", "err\n"), ReadFrames(errors));
    }

    [Fact]
    public void A_client_that_comes_after_the_end_gets_the_end()
    {
        Launch("true");
        RunToEnd();
        Assert.Equal(("", ""), ReadFrames(Attach()));
    }

    [Fact]
    public void Input_passes_and_its_end_too()
    {
        Fd client = Attach(stdin: true);
        FdIo.TryWrite(client, "before the start, "u8, out _);
        Launch("cat; echo .", input: true);
        FdIo.TryWrite(client, "after it"u8, out _);
        UnixSocket.ShutdownWrite(client);
        RunToEnd();
        Assert.Equal(("before the start, after it.\n", ""), ReadFrames(client));
    }

    [Fact]
    public void The_input_of_a_client_that_is_gone_already_still_arrives()
    {
        Fd reader = Attach();
        Fd client = Attach(stdin: true);
        FdIo.TryWrite(client, "last words"u8, out _);
        client.Dispose();
        loop.RunOnce(TimeSpan.Zero);
        Launch("cat", input: true);
        RunToEnd();
        Assert.Equal(("last words", ""), ReadFrames(reader));
    }

    [Fact]
    public void The_end_of_one_clients_input_is_nothing_if_stdin_is_not_once()
    {
        Fd first = Attach(stdin: true);
        Launch("read a; read b; echo $a $b", input: true, closeInput: false);
        FdIo.TryWrite(first, "one\n"u8, out _);
        UnixSocket.ShutdownWrite(first);
        Fd second = Attach(stdin: true);
        FdIo.TryWrite(second, "two\n"u8, out _);
        RunToEnd();
        Assert.Equal(("one two\n", ""), ReadFrames(first));
        Assert.Equal(("one two\n", ""), ReadFrames(second));
    }

    [Fact]
    public void Without_input_stdin_is_empty()
    {
        Fd client = Attach(stdin: true);
        FdIo.TryWrite(client, "ignored"u8, out _);
        Launch("cat; readlink /proc/self/fd/0");
        RunToEnd();
        Assert.Equal(("/dev/null\n", ""), ReadFrames(client));
    }

    [Fact]
    public void A_slow_reader_stops_the_process_and_then_gets_everything()
    {
        const int Total = 8 << 20;
        Fd client = Attach();
        Launch($"head -c {Total} /dev/zero");
        // Its socket and the pipe are full: nothing more happens.
        while (loop.RunOnce(TimeSpan.FromMilliseconds(200))) { }
        Assert.True(process.IsRunning);
        int received = 0;
        FdIo.SetNonBlocking(client);
        byte[] buffer = new byte[1 << 20];
        while (true)
        {
            int count = FdIo.TryRead(client, buffer, out Errno error);
            if (count == 0)
                break;
            if (count > 0)
                received += count;
            else if (error == Errno.EAGAIN)
                loop.RunOnce(TimeSpan.FromSeconds(5));
        }
        Assert.InRange(received, Total + 8, Total + (Total / 1024)); // the headers
        Assert.Equal(0, process.Exit!.Code);
    }

    [Fact]
    public void A_reader_that_goes_away_frees_the_process()
    {
        Fd client = Attach();
        Launch("head -c 8000000 /dev/zero");
        while (loop.RunOnce(TimeSpan.FromMilliseconds(200))) { }
        client.Dispose();
        RunToEnd();
        Assert.Equal(0, process.Exit!.Code);
    }

    [Fact]
    public void A_background_process_that_keeps_the_pipe_does_not_hold_up_the_end()
    {
        Fd client = Attach();
        Launch("sleep 1000 & echo $!");
        RunToEnd();
        (string pid, _) = ReadFrames(client);
        using Fd left = Skiff.Linux.Processes.Pidfd.Open(int.Parse(pid));
        Skiff.Linux.Processes.Pidfd.SendSignal(left, 9);
    }

    [Fact]
    public void A_terminal_is_raw_bytes_and_can_be_resized()
    {
        Fd client = Attach(stdin: true);
        Pty pty = Pty.Open(new WindowSize(20, 70));
        process.Launch(
            ProcessStreams.OfTerminal(pty, input: true),
            closeInput: true,
            stdio => Spawn("stty size; read x; stty size", stdio)
        );
        byte[] buffer = new byte[100];
        Assert.Equal("20 70\r\n", ReadSome(client, buffer));
        process.Resize(new WindowSize(10, 40));
        FdIo.TryWrite(client, "go\n"u8, out _);
        UnixSocket.ShutdownWrite(client); // no end of the terminal
        RunToEnd();
        Assert.Equal("go\r\n10 40\r\n", ReadAll(client));
    }

    [Fact]
    public void A_process_may_close_its_terminal_and_open_it_again()
    {
        Fd client = Attach();
        const string Script = "t=$(tty); exec <&- >/dev/null 2>&1; sleep 0.1; echo back >$t";
        process.Launch(ProcessStreams.OfTerminal(Pty.Open(), input: false), closeInput: true, stdio => Spawn(Script, stdio));
        RunToEnd();
        Assert.Equal("back\r\n", ReadAll(client));
    }

    [Fact]
    public void A_process_killed_by_a_signal_ends_with_128_and_its_number()
    {
        Launch("kill -TERM $$");
        RunToEnd();
        Assert.Equal(143, process.Exit!.Code);
    }

    Fd Attach(bool stdin = false, bool stdout = true)
    {
        (Fd ours, Fd theirs) = UnixSocket.Pair();
        FdIo.SetNonBlocking(theirs);
        opened.Add(ours);
        process.Attach(theirs, new AttachRequest(null, stdin, stdout, Stderr: true));
        return ours;
    }

    void Launch(string script, bool input = false, bool closeInput = true) =>
        process.Launch(ProcessStreams.OfPipes(input), closeInput, stdio => Spawn(script, stdio));

    static LaunchedProcess Spawn(string script, ProcessStdio stdio)
    {
        Fd[] descriptors = [new(stdio.Stdin), new(stdio.Stdout), new(stdio.Stderr)];
        try
        {
            SpawnedProcess spawned = ProcessSpawner.Start(
                new SpawnRequest
                {
                    Path = "/bin/sh",
                    Arguments = ["sh", "-c", script],
                    Environment = ["PATH=/usr/bin:/bin"],
                    Descriptors = descriptors,
                }
            );
            return new LaunchedProcess(spawned.Pid, spawned.Pidfd, 0);
        }
        finally
        {
            foreach (Fd fd in descriptors)
                fd.Release();
        }
    }

    void RunToEnd()
    {
        while (process.Exit is null)
            Assert.True(loop.RunOnce(TimeSpan.FromSeconds(20)), "the process does not end");
        while (loop.RunOnce(TimeSpan.Zero)) { }
    }

    string ReadSome(Fd client, byte[] buffer)
    {
        FdIo.SetNonBlocking(client);
        int count;
        while ((count = FdIo.TryRead(client, buffer, out _)) < 0)
            Assert.True(loop.RunOnce(TimeSpan.FromSeconds(20)), "no output");
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    static string ReadAll(Fd client)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[4096];
        int count;
        while ((count = FdIo.TryRead(client, buffer, out Errno error)) > 0)
            all.Write(buffer, 0, count);
        Assert.Equal(0, count);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    static (string Out, string Error) ReadFrames(Fd client)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(ReadAll(client));
        var texts = new StringBuilder[] { new(), new(), new() };
        for (int at = 0; at < bytes.Length; )
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 4));
            texts[bytes[at]].Append(Encoding.UTF8.GetString(bytes, at + 8, length));
            at += 8 + length;
        }
        return (texts[1].ToString(), texts[2].ToString());
    }
}
