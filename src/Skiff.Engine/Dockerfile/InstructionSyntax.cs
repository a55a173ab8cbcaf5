// What is wrong with an instruction as it is written, whatever its variables hold: found before anything runs.
namespace Skiff.Engine.Dockerfile;

/// <summary>Messages are BuildKit's.</summary>
internal static class InstructionSyntax
{
    /// <summary>Flags of each instruction; those with '?' may stand without a value.</summary>
    static readonly Dictionary<string, string[]> Flags = new(StringComparer.Ordinal)
    {
        ["ADD"] = ["chown", "chmod", "link?", "checksum", "keep-git-dir?", "unpack?", "exclude"],
        ["COPY"] = ["from", "chown", "chmod", "link?", "parents?", "exclude"],
        ["FROM"] = ["platform"],
        ["HEALTHCHECK"] = ["interval", "timeout", "start-period", "start-interval", "retries"],
        ["RUN"] = ["mount", "network", "security", "device"],
    };

    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    internal static void Check(Instruction instruction)
    {
        var known = Flags.GetValueOrDefault(instruction.Keyword, []);
        foreach (var (name, value) in instruction.Flags)
            if (known.Contains(name))
                _ = value ?? throw instruction.ParseError($"missing a value on flag: --{name}");
            else if (!known.Contains(name + "?"))
                throw instruction.ParseError($"unknown flag: --{name}{Near(name, known)}");
        switch (instruction.Keyword)
        {
            case "COPY" or "ADD":
                int words = instruction.Json?.Count ?? ConfigSteps.Split(instruction.Arguments).Count;
                if (words < 2)
                    throw instruction.ParseError(
                        $"{instruction.Keyword} requires at least two arguments, but only one was provided. Destination could not be determined"
                    );
                break;
            case "ENV" or "LABEL":
                ConfigSteps.CheckPairs(instruction);
                break;
            case "ARG":
                foreach (string word in ConfigSteps.Split(instruction.Arguments))
                    if (word.StartsWith('='))
                        throw instruction.ParseError("ARG names can not be blank");
                break;
            case "SHELL":
                if (instruction.Json is not { Count: > 0 })
                    throw instruction.ParseError("SHELL requires the arguments to be in JSON form");
                break;
            case "HEALTHCHECK":
                ConfigSteps.Healthcheck(instruction);
                break;
            case "ONBUILD":
                var trigger = DockerfileParser.ParseLine(instruction.Arguments, instruction.Line);
                if (trigger.Keyword is "ONBUILD")
                    throw instruction.ParseError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
                if (trigger.Keyword is "MAINTAINER" or "FROM")
                    throw instruction.ParseError($"{trigger.Keyword} isn't allowed as an ONBUILD trigger");
                Check(trigger);
                break;
            case "USER" or "STOPSIGNAL":
                if (ConfigSteps.Split(instruction.Arguments).Count != 1)
                    throw instruction.ParseError($"{instruction.Keyword} requires exactly one argument");
                break;
        }
    }

    static string Near(string name, string[] known)
    {
        string? near = known.Select(k => k.TrimEnd('?')).FirstOrDefault(k => DockerfileParser.Distance(k, name) <= 2);
        return near is null ? "" : $" (did you mean {near}?)";
    }
}
