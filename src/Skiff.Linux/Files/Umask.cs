// The permission bits that this process never gives to what it creates.
namespace Skiff.Linux.Files;

/// <summary>umask(2), read without changing it.</summary>
public static class Umask
{
    /// <summary>The umask of this process as it was at the first use. proc_pid_status(5).</summary>
    public static uint Current { get; } = Read();

    static uint Read()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith("Umask:", StringComparison.Ordinal))
                return Convert.ToUInt32(line["Umask:".Length..].Trim(), 8);
        // Kernels before 4.7 do not say: take every bit for masked, which only costs a call more.
        return 0x1ff;
    }
}
