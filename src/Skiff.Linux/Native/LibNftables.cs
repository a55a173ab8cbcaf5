// The functions of libnftables, libnftables(3).
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

internal static unsafe partial class LibNftables
{
    const string Library = "libnftables.so.1";

    internal const uint NFT_CTX_DEFAULT = 0;

    // SetLastError: without it the generator emits a plain [DllImport], which is banned.
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint nft_ctx_new(uint flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int nft_ctx_buffer_output(nint context);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int nft_ctx_buffer_error(nint context);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* nft_ctx_get_output_buffer(nint context);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* nft_ctx_get_error_buffer(nint context);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int nft_run_cmd_from_buffer(nint context, byte* command);
}
