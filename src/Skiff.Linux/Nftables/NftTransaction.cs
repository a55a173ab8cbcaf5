// Changes of the nftables rule set: all of one transaction happen, or none.
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Skiff.Linux.Native;

namespace Skiff.Linux.Nftables;

/// <summary>nftables refused a transaction, or its library is missing. The message holds the library's own words.</summary>
public sealed class NftException(string message) : IOException(message);

/// <summary>
/// Commands on one table, collected and then given to libnftables as one JSON text: libnftables-json(5). It costs
/// 0.1 ms where starting nft(8) costs 3.
/// </summary>
public sealed class NftTransaction : IDisposable
{
    static readonly Lock Gate = new();
    static nint context;

    readonly ArrayBufferWriter<byte> text = new();
    readonly Utf8JsonWriter json;
    readonly string family;
    readonly string table;

    /// <param name="family">"inet", "ip" or "ip6"</param>
    public NftTransaction(string family, string table)
    {
        this.family = family;
        this.table = table;
        json = new Utf8JsonWriter(text);
        json.WriteStartObject();
        json.WriteStartArray("nftables");
    }

    /// <summary>Makes the table; one that exists stays as it is.</summary>
    public void AddTable() => Command("add", "table", () => json.WriteString("name", table));

    /// <summary>Removes the table with everything in it.</summary>
    public void DeleteTable() => Command("delete", "table", () => json.WriteString("name", table));

    /// <summary>A chain that the kernel calls at a hook; packets that no rule decides go on.</summary>
    public void AddChain(string name, NftHook hook) =>
        Command(
            "add",
            "chain",
            () =>
            {
                json.WriteString("table", table);
                json.WriteString("name", name);
                json.WriteString("type", hook.Type);
                json.WriteString("hook", hook.Name);
                json.WriteNumber("prio", hook.Priority);
                json.WriteString("policy", "accept");
            }
        );

    /// <summary>Appends a rule: its expressions are tried from left to right, all must match.</summary>
    public void AddRule(string chain, params ReadOnlySpan<NftExpression> expressions)
    {
        var parts = expressions.ToArray();
        Command(
            "add",
            "rule",
            () =>
            {
                json.WriteString("table", table);
                json.WriteString("chain", chain);
                json.WriteStartArray("expr");
                foreach (var part in parts)
                    part.Write(json);
                json.WriteEndArray();
            }
        );
    }

    /// <summary>The JSON text of what was collected.</summary>
    public ReadOnlySpan<byte> Text
    {
        get
        {
            if (json.CurrentDepth > 0)
            {
                json.WriteEndArray();
                json.WriteEndObject();
                json.Flush();
            }
            return text.WrittenSpan;
        }
    }

    /// <summary>Applies all commands in one step. Nothing can be added afterwards.</summary>
    /// <exception cref="NftException">refused, and nothing changed; or the library is missing</exception>
    public void Commit() => Run(Text);

    public void Dispose() => json.Dispose();

    /// <summary>Names of all tables of a family, whoever made them.</summary>
    /// <exception cref="NftException">the library is missing</exception>
    public static List<string> Tables(string family)
    {
        using var answer = JsonDocument.Parse(Run("""{"nftables":[{"list":{"tables":null}}]}"""u8));
        var names = new List<string>();
        foreach (var item in answer.RootElement.GetProperty("nftables").EnumerateArray())
            if (item.TryGetProperty("table", out var table) && table.GetProperty("family").ValueEquals(family))
                names.Add(table.GetProperty("name").GetString()!);
        return names;
    }

    void Command(string verb, string kind, Action properties)
    {
        json.WriteStartObject();
        json.WriteStartObject(verb);
        json.WriteStartObject(kind);
        json.WriteString("family", family);
        properties();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Runs JSON commands in the host's namespace and returns the library's answer. One at a time.</summary>
    static unsafe string Run(ReadOnlySpan<byte> commands)
    {
        byte[] zeroEnded = [.. commands, 0];
        lock (Gate)
        {
            try
            {
                if (context == 0)
                    context = Open();
                fixed (byte* p = zeroEnded)
                {
                    int result = LibNftables.nft_run_cmd_from_buffer(context, p);
                    string output = Marshal.PtrToStringUTF8((nint)LibNftables.nft_ctx_get_output_buffer(context)) ?? "";
                    string error = Marshal.PtrToStringUTF8((nint)LibNftables.nft_ctx_get_error_buffer(context)) ?? "";
                    return result == 0 ? output : throw new NftException($"nftables: {error.Trim()}");
                }
            }
            catch (DllNotFoundException)
            {
                throw new NftException("libnftables.so.1 is missing: install the Debian package libnftables1");
            }
        }
    }

    static nint Open()
    {
        nint made = LibNftables.nft_ctx_new(LibNftables.NFT_CTX_DEFAULT);
        if (made == 0)
            throw new NftException("nftables: the kernel answers no netlink request (module nf_tables, CAP_NET_ADMIN)");
        LibNftables.nft_ctx_output_set_flags(made, LibNftables.NFT_CTX_OUTPUT_JSON);
        if (LibNftables.nft_ctx_buffer_output(made) != 0 || LibNftables.nft_ctx_buffer_error(made) != 0)
            throw new NftException("nftables: out of memory");
        return made;
    }
}
