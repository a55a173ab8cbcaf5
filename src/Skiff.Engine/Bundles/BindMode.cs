// The third part of -v SOURCE:DESTINATION:MODE.
namespace Skiff.Engine.Bundles;

/// <param name="Propagation">"" or a word of mount_namespaces(7) as Docker writes it: "rshared"</param>
/// <param name="NoCopy">a volume that is empty stays so</param>
internal readonly record struct BindMode(bool ReadOnly, string Propagation, bool NoCopy)
{
    enum Kind
    {
        Access,
        Propagation,
        Label,
        Consistency,
        Copy,
    }

    internal static bool IsPropagation(string word) =>
        word is "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave";

    /// <exception cref="EngineException">InvalidParameter: an unknown word, or two of a kind</exception>
    internal static BindMode Parse(string mode)
    {
        var words = new Dictionary<Kind, string>();
        foreach (string word in mode.Length > 0 ? mode.Split(',') : [])
            if (KindOf(word) is not { } kind || !words.TryAdd(kind, word))
                throw EngineException.Invalid($"invalid mode: {mode}");
        return new BindMode(
            words.GetValueOrDefault(Kind.Access) == "ro",
            words.GetValueOrDefault(Kind.Propagation, ""),
            words.ContainsKey(Kind.Copy)
        );
    }

    static Kind? KindOf(string word) =>
        word switch
        {
            "ro" or "rw" => Kind.Access,
            // Labels: nothing to do without SELinux.
            "z" or "Z" => Kind.Label,
            "nocopy" => Kind.Copy,
            // How far copies may be apart where the host is another machine: here there are none.
            "consistent" or "cached" or "delegated" => Kind.Consistency,
            _ => IsPropagation(word) ? Kind.Propagation : null,
        };
}
