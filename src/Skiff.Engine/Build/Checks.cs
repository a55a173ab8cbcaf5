// What is allowed in a Dockerfile and mostly not meant: warnings, each with the name of its rule.
using System.Text.RegularExpressions;
using Skiff.Engine.Dockerfile;

namespace Skiff.Engine.Build;

/// <param name="Rule">"LegacyKeyValueFormat": docs.docker.com/reference/build-checks</param>
/// <param name="Line">in the Dockerfile, from 1</param>
public sealed record BuildWarning(string Rule, string Message, int Line);

/// <summary>Rules and texts are BuildKit's. `# check=skip=RULE,RULE;error=true` changes what is told.</summary>
internal sealed partial class Checks
{
    static readonly string[] Reserved = ["context", "scratch"];

    readonly HashSet<string> skipped;
    readonly Lock gate = new();
    readonly List<BuildWarning> warnings = [];

    internal Checks(ParsedDockerfile file)
    {
        var options = file
            .Directives.GetValueOrDefault("check", "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(o => o.Split('=', 2, StringSplitOptions.TrimEntries))
            .Where(o => o.Length == 2)
            .ToDictionary(o => o[0].ToLowerInvariant(), o => o[1], StringComparer.Ordinal);
        skipped = options
            .GetValueOrDefault("skip", "")
            .Split(',', StringSplitOptions.TrimEntries)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        AreErrors = options.GetValueOrDefault("error", "") == "true";
    }

    /// <summary>A build with warnings fails.</summary>
    internal bool AreErrors { get; }

    internal IReadOnlyList<BuildWarning> Warnings
    {
        get
        {
            lock (gate)
                return [.. warnings.Distinct().OrderBy(w => w.Line)];
        }
    }

    internal void Warn(string rule, int line, string message)
    {
        if (skipped.Contains("all") || skipped.Contains(rule))
            return;
        lock (gate)
            warnings.Add(new BuildWarning(rule, message, line));
    }

    /// <summary>All that can be told without running anything.</summary>
    internal void Check(ParsedDockerfile file, StageList stages, IReadOnlySet<int> needed, ArgumentScope arguments)
    {
        Casing(file);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (int line in file.EmptyContinuations)
            Warn("NoEmptyContinuation", line, "Empty continuation line");
        var absolutes = new HashSet<int>();
        foreach (var stage in stages.Stages.Where(s => needed.Contains(s.Index)))
        {
            CheckFrom(stage, names, stages, arguments);
            foreach (string keyword in (string[])["CMD", "ENTRYPOINT", "HEALTHCHECK"])
            {
                var all = stage.Instructions.Where(i => i.Keyword == keyword).ToList();
                foreach (var unused in all.SkipLast(1))
                    Warn(
                        "MultipleInstructionsDisallowed",
                        unused.Line,
                        $"Multiple {keyword} instructions should not be used in the same stage because only the last one will be used"
                    );
            }
            bool absolute = stages
                .Stages.Take(stage.Index)
                .Any(s =>
                    s.Name is not null
                    && s.Name.Equals(stage.Base, StringComparison.OrdinalIgnoreCase)
                    && absolutes.Contains(s.Index)
                );
            bool ownShell = false;
            foreach (var instruction in stage.Instructions)
            {
                ownShell |= instruction.Keyword == "SHELL";
                CheckInstruction(instruction, ref absolute, ownShell);
            }
            if (absolute)
                absolutes.Add(stage.Index);
        }
        foreach (var instruction in stages.GlobalArgs)
            Secrets(instruction);
    }

    void CheckFrom(Stage stage, HashSet<string> names, StageList stages, ArgumentScope arguments)
    {
        string[] words = stage.From.Arguments.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        int line = stage.From.Line;
        if (words.Length == 3)
        {
            if (words[2].Any(char.IsAsciiLetterUpper))
                Warn("StageNameCasing", line, $"Stage name '{words[2]}' should be lowercase");
            bool isUpper = char.IsAsciiLetterUpper(stage.From.Written[0]);
            if (words[1].Any(c => char.IsAsciiLetterUpper(c) != isUpper))
                Warn("FromAsCasing", line, $"'{words[1]}' and '{stage.From.Written}' keywords' casing do not match");
            if (!names.Add(stage.Name!))
                Warn("DuplicateStageName", line, $"Duplicate stage name \"{stage.Name}\", stage names should be unique");
            if (Reserved.Contains(stage.Name))
                Warn("ReservedStageName", line, $"Stage name should not use the same name as reserved stage \"{stage.Name}\"");
        }
        foreach (Match match in Variable().Matches(stage.Base))
        {
            string name = match.Groups[1].Value;
            if (
                arguments.Global(name) is null
                && !stages.GlobalArgs.Any(a =>
                    ConfigSteps.Split(a.Arguments).Any(w => w == name || w.StartsWith(name + "=", StringComparison.Ordinal))
                )
            )
                Warn("UndefinedArgInFrom", line, $"FROM argument '{name}' is not declared");
        }
        if (stage.Platform is { } platform)
        {
            if (platform.Trim('"') is "$TARGETPLATFORM" or "${TARGETPLATFORM}")
                Warn(
                    "RedundantTargetPlatform",
                    line,
                    $"Setting platform to predefined {platform.Trim('"')} in FROM is redundant as this is the default behavior"
                );
            else if (
                !platform.Contains('$', StringComparison.Ordinal)
                && (stage.Name is null || !stage.Name.Contains(platform.Split('/')[^1], StringComparison.Ordinal))
            )
                Warn(
                    "FromPlatformFlagConstDisallowed",
                    line,
                    $"FROM --platform flag should not use constant value \"{platform}\""
                );
        }
    }

    void CheckInstruction(Instruction instruction, ref bool absolute, bool ownShell)
    {
        int line = instruction.Line;
        switch (instruction.Keyword)
        {
            case "CMD" or "ENTRYPOINT" when instruction.Json is null && !ownShell && instruction.Arguments.Length > 0:
                Warn(
                    "JSONArgsRecommended",
                    line,
                    $"JSON arguments recommended for {instruction.Keyword} to prevent unintended behavior related to OS signals"
                );
                break;
            case "MAINTAINER":
                Warn("MaintainerDeprecated", line, "Maintainer instruction is deprecated in favor of using label");
                break;
            case "ENV" or "LABEL":
                if (!ConfigSteps.Split(instruction.Arguments)[0].Contains('=', StringComparison.Ordinal))
                    Warn(
                        "LegacyKeyValueFormat",
                        line,
                        $"\"{instruction.Keyword} key=value\" should be used instead of legacy \"{instruction.Keyword} key value\" format"
                    );
                if (instruction.Keyword == "ENV")
                    Secrets(instruction);
                break;
            case "ARG":
                Secrets(instruction);
                break;
            case "WORKDIR":
                if (instruction.Arguments[0] is '/' or '$')
                    absolute = true;
                else if (!absolute)
                    Warn(
                        "WorkdirRelativePath",
                        line,
                        $"Relative workdir \"{instruction.Arguments}\" can have unexpected results if the base image changes"
                    );
                break;
            case "EXPOSE":
                foreach (string port in ConfigSteps.Split(instruction.Arguments))
                {
                    int slash = port.IndexOf('/', StringComparison.Ordinal);
                    if (slash >= 0 && port[(slash + 1)..].Any(char.IsAsciiLetterUpper))
                        Warn("ExposeProtoCasing", line, $"Defined protocol '{port}' in EXPOSE instruction should be lowercase");
                    if (port.Contains(':', StringComparison.Ordinal) && !port.Contains('$', StringComparison.Ordinal))
                        Warn(
                            "ExposeInvalidFormat",
                            line,
                            $"EXPOSE instruction should not define an IP address or host-port mapping, found '{port}'"
                        );
                }
                break;
        }
    }

    void Secrets(Instruction instruction)
    {
        foreach (
            string word in ConfigSteps
                .Split(instruction.Arguments)
                .Take(
                    instruction.Keyword == "ENV" && !instruction.Arguments.Contains('=', StringComparison.Ordinal)
                        ? 1
                        : int.MaxValue
                )
        )
        {
            string name = word.Split('=')[0];
            if (SecretName().IsMatch(name) && !PublicName().IsMatch(name))
                Warn(
                    "SecretsUsedInArgOrEnv",
                    instruction.Line,
                    $"Do not use ARG or ENV instructions for sensitive data ({instruction.Keyword} \"{name}\")"
                );
        }
    }

    void Casing(ParsedDockerfile file)
    {
        int upper = file.Instructions.Count(i => i.Written.All(char.IsAsciiLetterUpper));
        int lower = file.Instructions.Count(i => i.Written.All(char.IsAsciiLetterLower));
        bool isUpper = upper >= lower;
        foreach (var instruction in file.Instructions)
            if (!instruction.Written.All(c => char.IsAsciiLetterUpper(c) == isUpper))
                Warn(
                    "ConsistentInstructionCasing",
                    instruction.Line,
                    $"Command '{instruction.Written}' should match the case of the command majority ({(isUpper ? "uppercase" : "lowercase")})"
                );
    }

    [GeneratedRegex(@"\$\{?([A-Za-z_][A-Za-z0-9_]*)")]
    private static partial Regex Variable();

    [GeneratedRegex(
        "(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex SecretName();

    [GeneratedRegex("(?:_|^)(?:public|file)(?:_|$)", RegexOptions.IgnoreCase)]
    private static partial Regex PublicName();
}
