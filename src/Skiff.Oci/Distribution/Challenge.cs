// The WWW-Authenticate header: how a registry wants to be asked again.
namespace Skiff.Oci.Distribution;

/// <summary>
/// One authentication challenge. RFC 9110, 11.6.1; the Bearer parameters (realm, service, scope, error) are described in
/// distribution's token authentication specification.
/// </summary>
/// <param name="Scheme">"Bearer" or "Basic", in any case of letters.</param>
/// <param name="Parameters">Names in any case of letters; values without their quotes.</param>
public sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    // A registry needs one or two challenges with a handful of parameters: more is not read.
    const int MaxChallenges = 16;
    const int MaxParameters = 32;

    public bool Is(string scheme) => Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>A parameter's value, or null.</summary>
    public string? this[string name] => Parameters.GetValueOrDefault(name);

    /// <summary>
    /// All challenges of one header line, in order. Lenient: what cannot be read ends the challenge it stands in. Linear
    /// in the length of the text.
    /// </summary>
    public static IReadOnlyList<Challenge> Parse(string header)
    {
        // challenge *("," challenge); challenge := scheme [SP (token68 | name "=" value *("," name "=" value))]
        var result = new List<Challenge>();
        Dictionary<string, string>? parameters = null;
        var i = 0;
        while (result.Count < MaxChallenges)
        {
            while (i < header.Length && header[i] is ' ' or '\t' or ',')
                i++;
            var word = Token(header, ref i);
            if (word.Length == 0)
                break;
            var afterWord = i;
            SkipSpace(header, ref i);
            if (i < header.Length && header[i] == '=' && parameters is not null)
            {
                i++;
                SkipSpace(header, ref i);
                if (Value(header, ref i) is not { } value)
                    break;
                if (parameters.Count < MaxParameters)
                    parameters.TryAdd(word, value);
                continue;
            }
            i = afterWord;
            parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            result.Add(new Challenge(word, parameters));
            SkipToken68(header, ref i);
        }
        return result;
    }

    static string Token(string text, ref int i)
    {
        var start = i;
        while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || "!#$%&'*+-.^_`|~".Contains(text[i])))
            i++;
        return text[start..i];
    }

    static void SkipSpace(string text, ref int i)
    {
        while (i < text.Length && text[i] is ' ' or '\t')
            i++;
    }

    // token68 is a credential without a name ("Negotiate abc=="): told from a parameter by what follows it.
    static void SkipToken68(string text, ref int i)
    {
        var end = i;
        SkipSpace(text, ref end);
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || "-._~+/".Contains(text[end])))
            end++;
        while (end < text.Length && text[end] == '=')
            end++;
        SkipSpace(text, ref end);
        if (end == text.Length || text[end] == ',')
            i = end;
    }

    static string? Value(string text, ref int i)
    {
        if (i >= text.Length || text[i] != '"')
        {
            // Some registries leave the quotes out where the grammar asks for them.
            var start = i;
            while (i < text.Length && text[i] is not (',' or ' ' or '\t'))
                i++;
            return text[start..i];
        }
        var value = new System.Text.StringBuilder();
        for (i++; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                i++;
                return value.ToString();
            }
            if (text[i] == '\\' && i + 1 < text.Length)
                i++;
            value.Append(text[i]);
        }
        return null;
    }
}
