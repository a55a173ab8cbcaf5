// A program on a pseudo-terminal, driven as a user would: type, read, resize, wait.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Skiff.SystemTests.Harness;

/// <summary>The program's controlling terminal is the pty; what it shows is collected as text.</summary>
public sealed partial class PtySession : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly int master;
    readonly int pid;
    readonly Thread reader;
    readonly StringBuilder shown = new();
    int? exitCode;

    public PtySession(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        ushort rows = 24,
        ushort columns = 80
    )
    {
        master = posix_openpt(0x2 | 0x100 | 0x80000); // O_RDWR | O_NOCTTY | O_CLOEXEC
        if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
            throw new InvalidOperationException("no pseudo-terminal");
        byte[] name = new byte[64];
        if (ptsname_r(master, name, name.Length) != 0)
            throw new InvalidOperationException("ptsname_r");
        Resize(rows, columns);
        pid = Spawn(program, arguments, environment, Encoding.UTF8.GetString(name).TrimEnd('\0'));
        reader = new Thread(Read) { IsBackground = true };
        reader.Start();
    }

    public string Shown
    {
        get
        {
            lock (shown)
                return shown.ToString();
        }
    }

    public void Type(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (write(master, bytes, bytes.Length) != bytes.Length)
            throw new InvalidOperationException("write to the terminal");
    }

    /// <summary>Waits until the text has been shown (after what was waited for before), and forgets all up to it.</summary>
    public string WaitFor(string text)
    {
        var deadline = Stopwatch.StartNew();
        lock (shown)
        {
            while (true)
            {
                string all = shown.ToString();
                int at = all.IndexOf(text, StringComparison.Ordinal);
                if (at >= 0)
                {
                    shown.Remove(0, at + text.Length);
                    return all[..at];
                }
                var left = Patience - deadline.Elapsed;
                if (left <= TimeSpan.Zero || !Monitor.Wait(shown, left))
                    throw new TimeoutException($"\"{text}\" was not shown; there is:\n{shown}");
            }
        }
    }

    /// <summary>As the terminal emulator's window does: sets the size, the kernel sends SIGWINCH.</summary>
    public void Resize(ushort rows, ushort columns)
    {
        ushort[] size = [rows, columns, 0, 0];
        _ = ioctl(master, 0x5414, size); // TIOCSWINSZ
    }

    public void Signal(int signal) => _ = kill(pid, signal);

    /// <summary>Waits for the program's end; everything it showed is collected then.</summary>
    public int Wait()
    {
        if (exitCode is { } code)
            return code;
        // The reader ends with EIO once the last holder of the terminal has closed it.
        if (!reader.Join(Patience))
            throw new TimeoutException("the program does not end; there is:\n" + Shown);
        _ = waitpid(pid, out int status, 0);
        exitCode = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
        return exitCode.Value;
    }

    public void Dispose()
    {
        if (exitCode is null)
        {
            _ = kill(pid, 9);
            _ = waitpid(pid, out _, 0);
        }
        _ = close(master);
    }

    void Read()
    {
        byte[] buffer = new byte[4096];
        var decoder = Encoding.UTF8.GetDecoder();
        char[] text = new char[4096];
        while (true)
        {
            nint read = PtySession.read(master, buffer, buffer.Length);
            if (read <= 0)
                return;
            int characters = decoder.GetChars(buffer, 0, (int)read, text, 0);
            lock (shown)
            {
                shown.Append(text, 0, characters);
                Monitor.PulseAll(shown);
            }
        }
    }

    static unsafe int Spawn(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        string terminal
    )
    {
        var all = System.Environment.GetEnvironmentVariables();
        var variables = new Dictionary<string, string>();
        foreach (System.Collections.DictionaryEntry entry in all)
            variables[(string)entry.Key] = (string)entry.Value!;
        foreach (var (key, value) in environment)
            variables[key] = value;
        variables["TERM"] = "xterm";

        byte[] actions = new byte[256];
        byte[] attributes = new byte[512];
        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawnattr_init(attributes);
        _ = posix_spawnattr_setflags(attributes, 0x80); // POSIX_SPAWN_SETSID
        // The first terminal that a session leader opens becomes its controlling terminal: tty_ioctl(4).
        _ = posix_spawn_file_actions_addopen(actions, 0, terminal, 2, 0);
        _ = posix_spawn_file_actions_adddup2(actions, 0, 1);
        _ = posix_spawn_file_actions_adddup2(actions, 0, 2);
        nint[] argv = [.. arguments.Prepend(program).Select(Marshal.StringToCoTaskMemUTF8), 0];
        nint[] envp = [.. variables.Select(v => Marshal.StringToCoTaskMemUTF8($"{v.Key}={v.Value}")), 0];
        int error = posix_spawnp(out int pid, program, actions, attributes, argv, envp);
        foreach (nint pointer in argv.Concat(envp))
            Marshal.FreeCoTaskMem(pointer);
        return error == 0 ? pid : throw new InvalidOperationException($"posix_spawn({program}): errno {error}");
    }

    [LibraryImport("libc")]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(int fd);

    [LibraryImport("libc")]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc")]
    private static partial int ptsname_r(int fd, byte[] name, nint size);

    [LibraryImport("libc")]
    private static partial nint read(int fd, byte[] buffer, nint size);

    [LibraryImport("libc")]
    private static partial nint write(int fd, byte[] buffer, nint size);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc")]
    private static partial int ioctl(int fd, nuint request, ushort[] size);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte[] actions);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte[] attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte[] attributes, short flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte[] actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte[] actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawnp(
        out int pid,
        string program,
        byte[] actions,
        byte[] attributes,
        nint[] argv,
        nint[] envp
    );
}
