// The flags of COPY and ADD.
using Skiff.Engine.Dockerfile;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

internal sealed record CopyOptions
{
    internal string? From { get; init; }
    internal string? Chown { get; init; }
    internal string? Chmod { get; init; }
    internal bool Parents { get; init; }
    internal bool Link { get; init; }
    internal IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>"sha256:HEX" that a download must have.</summary>
    internal string? Checksum { get; init; }

    /// <summary>null: as it is for archives of the context, and is not for downloads.</summary>
    internal bool? Unpack { get; init; }

    /// <summary>Whether --exclude names a path below a source.</summary>
    internal Func<string, bool>? Excluded { get; init; }

    /// <summary>Of a file or directory, the permissions that it gets; null: its own.</summary>
    internal Func<FileStatus, uint>? Mode { get; init; }

    internal string KeyText =>
        string.Join('\n', [From is null ? "" : "from", Chown ?? "", Chmod ?? "", Parents.ToString(), .. Exclude]);

    internal string HistoryText =>
        (Chown is null ? "" : $"--chown={Chown} ") + (Chmod is null ? "" : $"--chmod={Chmod} ") + (Link ? "--link " : "");

    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    internal static CopyOptions Of(Instruction instruction, Expansion expansion)
    {
        bool isAdd = instruction.Keyword == "ADD";
        var options = new CopyOptions();
        foreach (var (name, text) in instruction.Flags)
        {
            string value = text ?? "";
            options = name switch
            {
                "chown" => options with { Chown = Required() },
                "chmod" => WithMode(options, instruction, Required()),
                "link" => options with { Link = IsOn() },
                "exclude" => options with { Exclude = [.. options.Exclude, Required()] },
                "from" when !isAdd => options with { From = value.Length > 0 ? value : throw Missing() },
                "parents" when !isAdd => options with { Parents = IsOn() },
                "checksum" when isAdd => options with { Checksum = Required() },
                "unpack" when isAdd => options with { Unpack = IsOn() },
                "keep-git-dir" when isAdd => throw EngineException.NotImplemented(
                    "ADD --keep-git-dir: git repositories are not supported yet by this release of Skiff"
                ),
                _ => throw instruction.Error($"unknown flag: --{name}"),
            };

            string Required() => text is null ? throw Missing() : expansion.Word(value);

            EngineException Missing() => instruction.Error($"missing a value on flag: {name}");

            bool IsOn() =>
                text is null or "true" ? true
                : text is "false" ? false
                : throw instruction.Error($"expecting boolean value for flag {name}, not: {text}");
        }
        return options.Exclude.Count > 0 ? options with { Excluded = IgnorePattern.Any(options.Exclude) } : options;
    }

    static CopyOptions WithMode(CopyOptions options, Instruction instruction, string text)
    {
        try
        {
            var mode = FileModes.Parse(text);
            return options with { Chmod = text, Mode = status => mode(status.Mode, status.Kind == FileKind.Directory) };
        }
        catch (FormatException e)
        {
            throw instruction.Error(e.Message);
        }
    }
}
