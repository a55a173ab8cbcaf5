// --chmod: "755" or "u=rwX,go=rX".
namespace Skiff.Engine.Build;

internal static class FileModes
{
    const uint Execute = 0x49; // 0111

    /// <summary>What a file of these permissions and kind has afterwards. chmod(1) tells of the symbols.</summary>
    /// <exception cref="FormatException">neither octal nor symbols</exception>
    internal static Func<uint, bool, uint> Parse(string text)
    {
        if (text.Length > 0 && text.All(c => c is >= '0' and <= '7'))
        {
            uint bits = text.Length <= 5 ? Convert.ToUInt32(text, 8) : uint.MaxValue;
            return bits <= 0xfff ? (_, _) => bits : throw Bad(text);
        }
        var clauses = text.Split(',').Select(c => Clause(c, text)).ToList();
        return (mode, isDirectory) => clauses.Aggregate(mode, (m, clause) => clause(m, isDirectory));
    }

    static Func<uint, bool, uint> Clause(string clause, string text)
    {
        int at = clause.AsSpan().IndexOfAny("+-=");
        if (at < 0 || clause.AsSpan(at + 1).IndexOfAny("+-=") >= 0)
            throw Bad(text);
        uint who = 0;
        foreach (char c in at == 0 ? "a" : clause[..at])
            who |= c switch
            {
                'u' => 0x9c0u, // 04700
                'g' => 0x438u, // 02070
                'o' => 0x207u, // 01007
                'a' => 0xfffu,
                _ => throw Bad(text),
            };
        string permissions = clause[(at + 1)..];
        if (permissions.Any(c => !"rwxXst".Contains(c, StringComparison.Ordinal)))
            throw Bad(text);
        return (mode, isDirectory) =>
        {
            uint bits = 0;
            foreach (char c in permissions)
                bits |= c switch
                {
                    'r' => 0x124u,
                    'w' => 0x92u,
                    'x' => Execute,
                    'X' => isDirectory || (mode & Execute) != 0 ? Execute : 0,
                    's' => 0xc00u,
                    _ => 0x200u,
                };
            bits &= who;
            return clause[at] switch
            {
                '+' => mode | bits,
                '-' => mode & ~bits,
                _ => (mode & ~(who & 0x1ffu)) | bits,
            };
        };
    }

    static FormatException Bad(string text) =>
        new($"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777");
}
