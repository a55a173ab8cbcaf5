// The two ends of a process's stdio, before its launch: pipes or a pseudo-terminal.
using Skiff.Linux;
using Skiff.Linux.Terminals;
using Skiff.Runtime.Launch;

namespace Skiff.Runtime.Shim;

/// <summary>
/// Output, Errors and Input are the shim's ends, non-blocking. Whoever takes one sets it to null here; Dispose closes
/// what is left, and the process's ends.
/// </summary>
internal sealed class ProcessStreams : IDisposable
{
    readonly List<Fd> theirs = [];

    ProcessStreams() { }

    /// <summary>The process's stdout, or its terminal.</summary>
    public Fd? Output { get; set; }

    /// <summary>The process's stderr; null with a terminal.</summary>
    public Fd? Errors { get; set; }

    /// <summary>null: it has none.</summary>
    public Fd? Input { get; set; }

    /// <summary>
    /// The terminal. Its slave stays open here too: else a process that closes and reopens its terminal would make
    /// the master hang up in between.
    /// </summary>
    public Pty? Terminal { get; set; }

    /// <summary>What the process is to get.</summary>
    public ProcessStdio Stdio { get; private set; }

    /// <param name="input">else stdin is /dev/null</param>
    public static ProcessStreams OfPipes(bool input)
    {
        var streams = new ProcessStreams();
        try
        {
            Fd stdin;
            if (input)
                (stdin, streams.Input) = FdIo.Pipe();
            else
                stdin = FdIo.OpenReadWrite("/dev/null");
            streams.theirs.Add(stdin);
            (streams.Output, Fd stdout) = FdIo.Pipe();
            streams.theirs.Add(stdout);
            (streams.Errors, Fd stderr) = FdIo.Pipe();
            streams.theirs.Add(stderr);
            streams.SetNonBlocking();
            streams.Stdio = new ProcessStdio(stdin.Number, stdout.Number, stderr.Number, Terminal: false);
            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    /// <param name="terminal">owned by the streams from now on</param>
    /// <param name="input">else nothing can be typed</param>
    public static ProcessStreams OfTerminal(Pty terminal, bool input)
    {
        var streams = new ProcessStreams { Terminal = terminal };
        try
        {
            // Copies of the master, one for each direction: epoll knows a descriptor only once.
            streams.Output = FdIo.Duplicate(terminal.Master);
            if (input)
                streams.Input = FdIo.Duplicate(terminal.Master);
            streams.SetNonBlocking();
            int slave = terminal.Slave.Number;
            streams.Stdio = new ProcessStdio(slave, slave, slave, Terminal: true);
            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (Fd fd in theirs)
            fd.Dispose();
        Output?.Dispose();
        Errors?.Dispose();
        Input?.Dispose();
        Terminal?.Dispose();
    }

    void SetNonBlocking()
    {
        foreach (Fd? end in (ReadOnlySpan<Fd?>)[Output, Errors, Input])
            if (end is not null)
                FdIo.SetNonBlocking(end);
    }
}
