// The text of --help: what the program, a noun or a command does, with flags and examples.
using System.Text;
using Skiff.Cli.Commands;
using Skiff.Cli.Options;

namespace Skiff.Cli.Output;

internal static class HelpText
{
    const int Width = 80;

    public static string Program(FlagSet global)
    {
        var text = new StringBuilder(
            "Usage:  skiff [OPTIONS] COMMAND\n\nRuns containers.\n\nTry:\n  skiff run -it debian bash\n"
        );
        text.Append("\nCommon commands:\n");
        foreach (string name in CommandTree.Common)
            AppendCommand(text, name, CommandTree.Find(null, name)!);
        text.Append("\nCommands by noun:\n");
        foreach (var (name, summary) in CommandTree.Groups)
            text.Append($"  {name, -12}{summary}\n");
        text.Append("\nMore commands:\n");
        foreach (var entry in CommandTree.All.OrderBy(e => e.Top, StringComparer.Ordinal))
            if (entry.Top is { } top && Array.IndexOf(CommandTree.Common, top) < 0)
                AppendCommand(text, top, entry);
        AppendFlags(text, "Options before the command", global);
        return text.Append("\nRun 'skiff COMMAND --help' for more on a command.\n").ToString();
    }

    public static string Group(string group)
    {
        string summary = Array.Find(CommandTree.Groups, g => g.Name == group).Summary;
        var text = new StringBuilder($"Usage:  skiff {group} COMMAND\n\n{summary}\n\nCommands:\n");
        foreach (var entry in CommandTree.All.Where(e => e.Group == group).OrderBy(e => e.Name, StringComparer.Ordinal))
            AppendCommand(text, entry.Name, entry);
        return text.Append($"\nRun 'skiff {group} COMMAND --help' for more on a command.\n").ToString();
    }

    public static string Command(CommandEntry entry, string shown, Command command)
    {
        var text = new StringBuilder($"Usage:  skiff {shown} {command.Usage}\n\n{command.Summary}\n");
        var names = new List<string>();
        if (entry.Group.Length > 0)
            names.AddRange(entry.Aliases.Prepend(entry.Name).Select(n => $"skiff {entry.Group} {n}"));
        if (entry.Top is { } top)
            names.Add($"skiff {top}");
        if (names.Count > 1)
            text.Append($"\nAlso called:\n  {string.Join(", ", names)}\n");
        if (command.Examples.Count > 0)
        {
            text.Append("\nExamples:\n");
            foreach (string example in command.Examples)
                text.Append($"  skiff {example}\n");
        }
        AppendFlags(text, "Options", command.Flags);
        return text.ToString();
    }

    static void AppendCommand(StringBuilder text, string name, CommandEntry entry) =>
        text.Append($"  {name, -12}{entry.Make().Summary}\n");

    static void AppendFlags(StringBuilder text, string title, FlagSet flags)
    {
        var shown = flags.All.Where(f => !f.Hidden).OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
        if (shown.Count == 0)
            return;
        text.Append($"\n{title}:\n");
        var names = shown
            .Select(f =>
                (f.Letter == '\0' ? "      " : $"  -{f.Letter}, ") + "--" + f.Name + (f.Kind.Length > 0 ? " " + f.Kind : "")
            )
            .ToList();
        int column = names.Max(n => n.Length) + 3;
        for (int i = 0; i < shown.Count; i++)
        {
            string help = shown[i].Help + (shown[i].DefaultText.Length > 0 ? $" (default {shown[i].DefaultText})" : "");
            text.Append(names[i].PadRight(column));
            int at = column;
            foreach (string word in help.Split(' '))
            {
                if (at + word.Length > Width && at > column)
                {
                    text.Append('\n').Append(' ', column);
                    at = column;
                }
                text.Append(word).Append(' ');
                at += word.Length + 1;
            }
            text.Length--;
            text.Append('\n');
        }
    }
}
