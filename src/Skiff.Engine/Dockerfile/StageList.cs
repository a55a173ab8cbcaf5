// Instructions -> stages: FROM by FROM, with the ARGs before the first.
using System.Text.RegularExpressions;

namespace Skiff.Engine.Dockerfile;

/// <summary>One stage. Names and base are not expanded yet.</summary>
/// <param name="Base">as written: an image, a stage, or "scratch"</param>
/// <param name="Name">in lower case, or null</param>
internal sealed record Stage(
    int Index,
    Instruction From,
    string Base,
    string? Name,
    string? Platform,
    IReadOnlyList<Instruction> Instructions
);

internal sealed record StageList(IReadOnlyList<Instruction> GlobalArgs, IReadOnlyList<Stage> Stages)
{
    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    internal static StageList Of(ParsedDockerfile file)
    {
        var global = new List<Instruction>();
        var stages = new List<Stage>();
        List<Instruction>? body = null;
        foreach (var instruction in file.Instructions)
        {
            InstructionSyntax.Check(instruction);
            if (instruction.Keyword == "FROM")
            {
                body = [];
                stages.Add(StageOf(instruction, stages.Count, body));
            }
            else if (body is not null)
                body.Add(instruction);
            else if (instruction.Keyword == "ARG")
                global.Add(instruction);
            else
                throw instruction.Error("no build stage in current context");
        }
        return stages.Count > 0
            ? new StageList(global, stages)
            : throw EngineException.Invalid("dockerfile contains no stages to build");
    }

    static Stage StageOf(Instruction from, int index, List<Instruction> body)
    {
        string[] words = from.Arguments.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        string? name = null;
        if (words.Length == 3 && words[1].Equals("AS", StringComparison.OrdinalIgnoreCase))
            name = words[2].ToLowerInvariant();
        else if (words.Length != 1)
            throw from.ParseError("FROM requires either one or three arguments");
        if (name is not null && !Regex.IsMatch(name, @"^[a-z][a-z0-9-_.]*\z"))
            throw from.ParseError(
                $"invalid name for build stage: \"{words[2]}\", name can't start with a number or contain symbols"
            );
        string? platform = null;
        foreach (var flag in from.Flags)
            platform = flag.Name == "platform" ? flag.Value : throw from.ParseError($"unknown flag: --{flag.Name}");
        return new Stage(index, from, words[0], name, platform, body);
    }
}
