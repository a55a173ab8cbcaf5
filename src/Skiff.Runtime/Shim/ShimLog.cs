// Where the shim complains: its stderr, which is shim.log in the bundle.
using System.Globalization;
using System.Text;
using Skiff.Linux;

namespace Skiff.Runtime.Shim;

internal static class ShimLog
{
    static readonly Fd Errors = new(2);

    public static void Write(Exception exception) => Write(exception.ToString());

    public static void Write(string message)
    {
        string time = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        FdIo.TryWrite(Errors, Encoding.UTF8.GetBytes($"{time} {message}\n"), out _);
    }
}
