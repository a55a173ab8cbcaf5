// Variables, quotes and escapes in the arguments of instructions.
using System.Text;
using System.Text.RegularExpressions;

namespace Skiff.Engine.Dockerfile;

/// <summary>Docs: Dockerfile reference, Environment replacement. The rules are a small part of a shell's.</summary>
internal sealed class Expansion(char escape, Func<string, string?> variable)
{
    /// <summary>Names that were looked up and have no value.</summary>
    internal HashSet<string> Missing { get; } = [];

    /// <summary>One word: quotes removed, variables replaced, blanks kept.</summary>
    /// <exception cref="FormatException">an unterminated quote or brace, or ${name:?message}</exception>
    internal string Word(string text) => Named(text, () => Inner(text));

    /// <summary>Of a failure, what it is about.</summary>
    static T Named<T>(string text, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (FormatException e)
        {
            throw new FormatException(
                $"failed to process \"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\": {e.Message}",
                e
            );
        }
    }

    string Inner(string text)
    {
        var (words, _) = Scan(text, split: false);
        return words.Count == 0 ? "" : words[0];
    }

    /// <summary>Words between blanks, each expanded. A value that holds blanks stays one word.</summary>
    /// <exception cref="FormatException">as Word</exception>
    internal List<string> Words(string text) => Named(text, () => Scan(text, split: true).Words);

    /// <summary>Only variables: quotes and everything else stay as they are. For heredocs.</summary>
    internal string Variables(string text)
    {
        var result = new StringBuilder();
        for (int i = 0; i < text.Length; )
        {
            if (text[i] == escape && i + 1 < text.Length && text[i + 1] is '$' or '\\' && text[i] == escape)
            {
                result.Append(text[i + 1]);
                i += 2;
            }
            else if (text[i] == '$')
                result.Append(Dollar(text, ref i));
            else
                result.Append(text[i++]);
        }
        return result.ToString();
    }

    (List<string> Words, int End) Scan(string text, bool split)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        int i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (split && c is ' ' or '\t' or '\n' && split)
            {
                if (inWord)
                    words.Add(word.ToString());
                word.Clear();
                inWord = false;
                i++;
                continue;
            }
            inWord = true;
            if (c == '\'')
            {
                int end = text.IndexOf('\'', i + 1);
                if (end < 0)
                    throw new FormatException("unexpected end of statement while looking for matching single-quote");
                word.Append(text, i + 1, end - i - 1);
                i = end + 1;
            }
            else if (c == '"')
                DoubleQuoted(text, ref i, word);
            else if (c == '$')
                word.Append(Dollar(text, ref i));
            else if (c == escape && i + 1 < text.Length)
            {
                word.Append(text[i + 1]);
                i += 2;
            }
            else if (c == escape)
                i++; // at the very end it escapes nothing
            else
            {
                word.Append(c);
                i++;
            }
        }
        if (inWord || !split)
            words.Add(word.ToString());
        return (words, i);
    }

    void DoubleQuoted(string text, ref int i, StringBuilder word)
    {
        i++;
        while (i < text.Length && text[i] != '"')
        {
            if (text[i] == '$')
                word.Append(Dollar(text, ref i));
            else if (text[i] == escape && i + 1 < text.Length)
            {
                // Within quotes only these are escaped; else the escape stays.
                if (text[i + 1] != '"' && text[i + 1] != '$' && text[i + 1] != escape)
                    word.Append(text[i]);
                word.Append(text[i + 1]);
                i += 2;
            }
            else
                word.Append(text[i++]);
        }
        if (i >= text.Length)
            throw new FormatException("unexpected end of statement while looking for matching double-quote");
        i++;
    }

    /// <summary>At a dollar: $name, $1, ${...}, or a mere dollar.</summary>
    string Dollar(string text, ref int i)
    {
        i++;
        if (i >= text.Length)
            return "$";
        if (text[i] != '{')
        {
            int start = i;
            if (IsSpecial(text[i]))
                i++;
            else
                while (i < text.Length && IsNameChar(text[i], i == start))
                    i++;
            return i == start ? "$" : Value(text[start..i]) ?? "";
        }
        int from = ++i;
        while (i < text.Length && IsNameChar(text[i], i == from))
            i++;
        if (i == from && i < text.Length && IsSpecial(text[i]))
            i++;
        string name = text[from..i];
        if (i >= text.Length)
            throw new FormatException("unexpected end of statement while looking for matching }");
        if (name.Length == 0)
            throw new FormatException("unsupported modifier in substitution");
        if (text[i] == '}')
        {
            i++;
            return Value(name) ?? "";
        }
        int opened = i;
        int close = Closing(text, i);
        string modifier = text[opened..close];
        i = close + 1;
        return Modified(name, modifier);
    }

    string Modified(string name, string modifier)
    {
        string? value = variable(name);
        bool colon = modifier[0] == ':';
        char kind = colon && modifier.Length > 1 ? modifier[1] : modifier[0];
        string word = modifier[(colon ? 2 : 1)..];
        bool isSet = colon ? !string.IsNullOrEmpty(value) : value is not null;
        switch (kind)
        {
            case '-':
                return isSet ? value! : Inner(word);
            case '+':
                return isSet ? Inner(word) : "";
            case '?':
                return isSet
                    ? value!
                    : throw new FormatException(
                        $"{name}: {(word.Length > 0 ? Inner(word) : "is not allowed to be " + (colon ? "empty" : "unset"))}"
                    );
            case '#' or '%' when !colon:
                bool longest = word.StartsWith(kind);
                return Trimmed(value ?? "", Inner(longest ? word[1..] : word), kind == '%', longest);
            case '/' when !colon:
                bool all = word.StartsWith('/');
                string rest = all ? word[1..] : word;
                int slash = Regex.Match(rest, @"(?<!\\)/") is { Success: true } found ? found.Index : -1;
                string pattern = slash < 0 ? rest : rest[..slash];
                pattern = pattern.Contains('$', StringComparison.Ordinal) ? Inner(pattern) : pattern;
                string replacement = slash < 0 ? "" : Inner(rest[(slash + 1)..]);
                return new Regex(Glob(pattern, lazy: false), RegexOptions.Singleline | RegexOptions.NonBacktracking).Replace(
                    value ?? "",
                    _ => replacement,
                    all ? -1 : 1
                );
            default:
                throw new FormatException($"unsupported modifier ({(colon ? ":" : "")}{kind}) in substitution");
        }
    }

    static string Trimmed(string value, string pattern, bool suffix, bool longest)
    {
        var regex = new Regex($"^(?:{Glob(pattern, lazy: false)})$", RegexOptions.Singleline | RegexOptions.NonBacktracking);
        var lengths = Enumerable.Range(0, value.Length + 1);
        foreach (int length in longest ? lengths.Reverse() : lengths)
            if (regex.IsMatch(suffix ? value[^length..] : value[..length]))
                return suffix ? value[..^length] : value[length..];
        return value;
    }

    static string Glob(string pattern, bool lazy)
    {
        var regex = new StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
            if (pattern[i] == '*')
                regex.Append(lazy ? ".*?" : ".*");
            else if (pattern[i] == '?')
                regex.Append('.');
            else
                regex.Append(
                    Regex.Escape(pattern[i] == '\\' && i + 1 < pattern.Length ? pattern[++i].ToString() : pattern[i].ToString())
                );
        return regex.ToString();
    }

    static int Closing(string text, int from)
    {
        int depth = 1;
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
                i++;
            else if (text[i] == '{' && text[i - 1] == '$')
                depth++;
            else if (text[i] == '}' && --depth == 0)
                return i;
        }
        throw new FormatException("unexpected end of statement while looking for matching }");
    }

    string? Value(string name)
    {
        string? value = variable(name);
        if (value is null)
            Missing.Add(name);
        return value;
    }

    static bool IsNameChar(char c, bool first) => c == '_' || char.IsAsciiLetter(c) || (!first && char.IsAsciiDigit(c));

    static bool IsSpecial(char c) => char.IsAsciiDigit(c) || c is '@' or '*' or '#' or '?' or '-' or '$' or '!';
}
