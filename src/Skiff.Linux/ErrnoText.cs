// Error numbers in words.
using System.Runtime.InteropServices;

namespace Skiff.Linux;

public static class ErrnoText
{
    /// <summary>"no such file or directory": libc's words, in lower case as in the middle of a sentence.</summary>
    public static string Of(Errno errno)
    {
        string text = Marshal.GetPInvokeErrorMessage((int)errno);
        // strerror(3) capitalises the first word; acronyms (RPC, .lib) do not occur among the errors of our calls.
        return text.Length == 0 ? $"errno {(int)errno}" : char.ToLowerInvariant(text[0]) + text[1..];
    }
}
