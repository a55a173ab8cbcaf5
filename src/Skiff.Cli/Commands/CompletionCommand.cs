// skiff completion: scripts that let a shell complete commands, flags and names.
using System.Text;
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

/// <summary>The script holds commands and flags; names of containers and images are asked of the engine while completing.</summary>
internal sealed class CompletionCommand : Command
{
    public override string Usage => "bash|zsh|fish";
    public override string Summary => "Print a completion script for a shell";
    public override IReadOnlyList<string> Examples => ["completion bash > /etc/bash_completion.d/skiff"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    const string OfContainers =
        " start stop restart kill rm logs attach exec wait pause unpause rename top port cp diff export commit update stats ";
    const string OfImages = " run create pull push save tag rmi history ";

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        CliContext.Print(
            arguments[0] switch
            {
                "bash" => Bash(),
                "zsh" => "#compdef skiff\nautoload -U +X bashcompinit && bashcompinit\n" + Bash(),
                "fish" => Fish(),
                var other => throw new CliException($"unknown shell \"{other}\": bash, zsh or fish"),
            }
        );
        return 0;
    }

    static IEnumerable<(string Path, Command Command)> Paths()
    {
        foreach (var entry in CommandTree.All)
        {
            if (entry.Top is { } top)
                yield return (top, entry.Make());
            if (entry.Group.Length > 0)
                yield return (entry.FullName, entry.Make());
        }
    }

    static IEnumerable<string> Words(Command command) =>
        command
            .Flags.All.Where(f => !f.Hidden)
            .SelectMany(f => f.Letter == '\0' ? new[] { "--" + f.Name } : ["--" + f.Name, "-" + f.Letter])
            .Append("--help");

    static string Kind(string path)
    {
        string verb = " " + path.Split(' ')[^1] + " ";
        return path.StartsWith("image ", StringComparison.Ordinal) || OfImages.Contains(verb, StringComparison.Ordinal) ? "images"
            : OfContainers.Contains(verb, StringComparison.Ordinal) || path == "container inspect" ? "containers"
            : path == "inspect" ? "both"
            : path is "context use" or "context rm" or "context inspect" or "context update" or "context export" ? "contexts"
            : "";
    }

    static string Bash()
    {
        var text = new StringBuilder("# bash completion for skiff\n_skiff() {\n");
        text.Append("    local cur=${COMP_WORDS[COMP_CWORD]} path= i=1 words= names=\n");
        text.Append("    while [[ $i -lt $COMP_CWORD ]]; do\n        case ${COMP_WORDS[i]} in\n");
        text.Append(
            "        -H|--host|--config|-c|--context) i=$((i + 1)) ;;\n        -*) ;;\n        *) break ;;\n        esac\n        i=$((i + 1))\n    done\n"
        );
        text.Append("    if [[ $i -lt $COMP_CWORD ]]; then\n        path=${COMP_WORDS[i]}\n        case $path in\n");
        text.Append(
            $"        {string.Join('|', CommandTree.Groups.Select(g => g.Name))}) [[ $((i + 1)) -lt $COMP_CWORD ]] && path=\"$path ${{COMP_WORDS[i+1]}}\" ;;\n        esac\n    fi\n"
        );
        text.Append("    case $path in\n");
        text.Append($"    '') words='{string.Join(' ', Tops())}' ;;\n");
        foreach (var (group, _) in CommandTree.Groups)
            text.Append(
                $"    {group}) words='{string.Join(' ', CommandTree.All.Where(e => e.Group == group).Select(e => e.Name))}' ;;\n"
            );
        foreach (var (path, command) in Paths())
        {
            string names = Kind(path);
            text.Append(
                $"    '{path}') words='{string.Join(' ', Words(command))}'{(names.Length > 0 ? " names=" + names : "")} ;;\n"
            );
        }
        text.Append("    esac\n    if [[ $cur != -* && -n $names ]]; then\n        words=\n");
        text.Append("        [[ $names == contexts ]] && words=$(skiff context ls -q 2>/dev/null)\n");
        text.Append(
            "        [[ $names == containers || $names == both ]] && words=$(skiff ps -a --format '{{.Names}}' 2>/dev/null)\n"
        );
        text.Append(
            "        [[ $names == images || $names == both ]] && words+=\" $(skiff images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null)\"\n    fi\n"
        );
        text.Append("    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n");
        text.Append("    declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions \"$cur\"\n}\n");
        return text.Append("complete -o default -F _skiff skiff\n").ToString();
    }

    static IEnumerable<string> Tops() =>
        CommandTree
            .All.Where(e => e.Top is not null)
            .Select(e => e.Top!)
            .Concat(CommandTree.Groups.Select(g => g.Name))
            .Order(StringComparer.Ordinal);

    static string Fish()
    {
        var text = new StringBuilder("# fish completion for skiff\ncomplete -c skiff -f\n");
        foreach (string top in Tops())
            text.Append($"complete -c skiff -n __fish_use_subcommand -a {top} -d '{Quoted(Describe(top))}'\n");
        foreach (var (group, _) in CommandTree.Groups)
        foreach (var entry in CommandTree.All.Where(e => e.Group == group))
            text.Append(
                $"complete -c skiff -n '__fish_seen_subcommand_from {group}' -a {entry.Name} -d '{Quoted(entry.Make().Summary)}'\n"
            );
        foreach (var (path, command) in Paths())
        {
            string condition = string.Join("; and ", path.Split(' ').Select(w => $"__fish_seen_subcommand_from {w}"));
            foreach (var flag in command.Flags.All.Where(f => !f.Hidden))
                text.Append(
                    $"complete -c skiff -n '{condition}' -l {flag.Name}{(flag.Letter == '\0' ? "" : $" -s {flag.Letter}")}{(flag is BoolFlag ? "" : " -r")} -d '{Quoted(flag.Help)}'\n"
                );
            string kind = Kind(path);
            if (kind is "containers" or "both")
                text.Append($"complete -c skiff -n '{condition}' -a \"(skiff ps -a --format '{{{{.Names}}}}' 2>/dev/null)\"\n");
            if (kind == "contexts")
                text.Append($"complete -c skiff -n '{condition}' -a \"(skiff context ls -q 2>/dev/null)\"\n");
            if (kind is "images" or "both")
                text.Append(
                    $"complete -c skiff -n '{condition}' -a \"(skiff images --format '{{{{.Repository}}}}:{{{{.Tag}}}}' 2>/dev/null)\"\n"
                );
        }
        return text.ToString();
    }

    static string Describe(string top) =>
        CommandTree.Find(null, top) is { } entry
            ? entry.Make().Summary
            : Array.Find(CommandTree.Groups, g => g.Name == top).Summary;

    static string Quoted(string text) => text.Replace("'", "\\'", StringComparison.Ordinal);
}
