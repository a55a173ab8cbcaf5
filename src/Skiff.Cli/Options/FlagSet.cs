// The grammar of the command line, the one that docker's users type:
//
//   --name  --name=value  --name value      a flag that needs a value takes the next word whatever it looks like
//   -d  -it  -itd  -p80:80  -p=80:80  -p 80:80
//   --                                     ends the flags
//
// Commands that run something end their flags at the first word that is none, so that all after the image is the
// container's. A general parser cannot know these rules from its own grammar: docs/adr/0009.
namespace Skiff.Cli.Options;

/// <summary>The flags of one command.</summary>
internal sealed class FlagSet
{
    readonly List<Flag> flags = [];

    public IReadOnlyList<Flag> All => flags;

    /// <summary>Flags may come after the arguments.</summary>
    public bool Interspersed { get; init; } = true;

    public T Add<T>(T flag)
        where T : Flag
    {
        flags.Add(flag);
        return flag;
    }

    public BoolFlag Bool(string name, string help, char letter = '\0', bool initially = false) =>
        Add(new BoolFlag(name, letter, help, initially));

    public StringFlag String(string name, string help, char letter = '\0', string initially = "", string kind = "string") =>
        Add(new StringFlag(name, letter, kind, help, initially));

    public ListFlag List(string name, string help, char letter = '\0', string kind = "list") =>
        Add(new ListFlag(name, letter, kind, help));

    public IntegerFlag Integer(string name, string help, char letter = '\0', long initially = 0) =>
        Add(new IntegerFlag(name, letter, help, initially));

    /// <summary>Sets the flags; returns the arguments.</summary>
    /// <exception cref="FlagException">unknown flag, missing or wrong value</exception>
    public List<string> Parse(ReadOnlySpan<string> words)
    {
        var arguments = new List<string>();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (word.Length < 2 || word[0] != '-')
            {
                arguments.Add(word);
                if (Interspersed)
                    continue;
                arguments.AddRange(words[(i + 1)..]);
                break;
            }
            if (word == "--")
            {
                arguments.AddRange(words[(i + 1)..]);
                break;
            }
            if (word[1] == '-')
                ParseLong(word, words, ref i);
            else
                ParseLetters(word, words, ref i);
        }
        return arguments;
    }

    void ParseLong(string word, ReadOnlySpan<string> words, ref int i)
    {
        int equals = word.IndexOf('=');
        string name = equals < 0 ? word[2..] : word[2..equals];
        if (name.Length == 0 || name[0] == '-')
            throw new FlagException("bad flag syntax: " + word);
        var flag = Find(name) ?? throw new FlagException("unknown flag: --" + name);
        if (equals >= 0)
            flag.Set(word[(equals + 1)..]);
        else if (flag.BareValue is { } bare)
            flag.Set(bare);
        else if (i + 1 < words.Length)
            flag.Set(words[++i]);
        else
            throw new FlagException("flag needs an argument: --" + name);
    }

    void ParseLetters(string word, ReadOnlySpan<string> words, ref int i)
    {
        for (int at = 1; at < word.Length; at++)
        {
            var flag =
                flags.Find(f => f.Letter == word[at])
                ?? throw new FlagException($"unknown shorthand flag: '{word[at]}' in -{word[at..]}");
            if (at + 1 < word.Length && word[at + 1] == '=')
            {
                flag.Set(word[(at + 2)..]);
                return;
            }
            if (flag.BareValue is { } bare)
            {
                flag.Set(bare);
                continue;
            }
            if (at + 1 < word.Length)
                flag.Set(word[(at + 1)..]);
            else if (i + 1 < words.Length)
                flag.Set(words[++i]);
            else
                throw new FlagException($"flag needs an argument: '{word[at]}' in -{word[at..]}");
            return;
        }
    }

    Flag? Find(string name)
    {
        foreach (var flag in flags)
            if (flag.Name == name)
                return flag;
        // Spellings of old scripts.
        return name switch
        {
            "net" => Find("network"),
            "net-alias" => Find("network-alias"),
            "dns-opt" => Find("dns-option"),
            "time" => Find("timeout"),
            _ => null,
        };
    }
}
