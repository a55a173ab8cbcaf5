// The words of a launch plan for its dealings with the launcher on the way, and with whoever lets the program start.
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

public sealed partial class LaunchPlan
{
    /// <summary>What the child says when the launcher need not wait for it any longer.</summary>
    internal const byte Ready = byte.MaxValue;

    /// <summary>Names of inputs that the spawner fills in, whatever it is given for them.</summary>
    public const string LauncherName = "launcher";
    public const string LaunchersEndName = "launcher's end";
    const byte GoesOn = 0;
    Register? launcher;
    Register? launchersEnd;

    /// <summary>
    /// The child has a socket to its launcher, for <see cref="Meet"/> and <see cref="AwaitRelease"/>. Two inputs, which
    /// <see cref="Spawner"/> makes itself.
    /// </summary>
    public void AddLauncher()
    {
        launcher = Input(LauncherName);
        launchersEnd = Input(LaunchersEndName);
    }

    internal bool HasLauncher => launcher is not null;

    /// <summary>Tells the launcher that it has come to a point, and goes on when the launcher has done what it does there.</summary>
    /// <param name="point">1 to 254</param>
    public void Meet(byte point, string what)
    {
        Say(point, what);
        Add(what, Syscall.read, launcher!.Value, Arg.Bytes(new byte[8], "byte"), 1);
        Say(GoesOn, what); // EPIPE if what was read is the end of a launcher that died
    }

    /// <summary>
    /// The launch is done as far as the launcher is concerned, who may end. Waits until somebody writes a byte into a
    /// FIFO, which must be open for writing too: it never ends then.
    /// </summary>
    public void AwaitRelease(Register gate, string what)
    {
        Say(Ready, what);
        Close(launcher!.Value);
        Add(what, Syscall.read, gate, Arg.Bytes(new byte[8], "byte"), 1);
    }

    void Say(byte point, string what)
    {
        if (launchersEnd is { } end)
        {
            Close(end); // the child's copy of it would keep the socket alive without a launcher
            launchersEnd = null;
        }
        Add(what, Syscall.write, launcher!.Value, Arg.Bytes([point, 0, 0, 0], $"{point}"), 1);
    }
}
