// The parts of a Dockerfile, as they are written.
namespace Skiff.Engine.Dockerfile;

/// <summary>`--name=value`, or `--name` alone (value null).</summary>
internal readonly record struct InstructionFlag(string Name, string? Value);

/// <summary>`&lt;&lt;NAME` and the lines up to the one that is NAME.</summary>
/// <param name="Expand">variables in it are expanded: the name was not quoted</param>
internal sealed record Heredoc(string Name, string Content, bool Expand);

/// <summary>One instruction; its keyword is in upper case.</summary>
/// <param name="Arguments">what follows the flags, continuation lines joined, not expanded</param>
/// <param name="Line">where it begins, from 1</param>
/// <param name="Written">the keyword as it is written</param>
/// <param name="Text">the instruction as a step shows it: one line, flags included</param>
internal sealed record Instruction(
    string Keyword,
    IReadOnlyList<InstructionFlag> Flags,
    string Arguments,
    IReadOnlyList<Heredoc> Heredocs,
    int Line,
    string Written,
    string Text
)
{
    /// <summary>The arguments as a JSON array of strings (exec form), or null.</summary>
    internal IReadOnlyList<string>? Json => JsonForm.TryParse(Arguments);

    /// <summary>Of what it does.</summary>
    internal EngineException Error(string message) => new DockerfileException(Line, message);

    /// <summary>Of how it is written.</summary>
    internal EngineException ParseError(string message) => DockerfileParser.Error(Line, message);
}

/// <summary>A file, read: stages are cut from it later.</summary>
/// <param name="Escape">backslash or backtick</param>
/// <param name="Directives">syntax, escape, check</param>
/// <param name="EmptyContinuations">empty lines within an instruction</param>
internal sealed record ParsedDockerfile(
    IReadOnlyList<Instruction> Instructions,
    char Escape,
    IReadOnlyDictionary<string, string> Directives,
    IReadOnlyList<int> EmptyContinuations
);
