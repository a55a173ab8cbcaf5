// skiff: the command line. Finds the command, parses its flags, runs it, and turns failures into words and exit codes.
using Skiff.Cli;
using Skiff.Cli.Commands;
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;

try
{
    return CommandLine.Run(args);
}
catch (BrokenPipeException)
{
    return 141; // 128 + SIGPIPE, what a C program would have ended with
}

namespace Skiff.Cli
{
    internal static class CommandLine
    {
        public static int Run(string[] words)
        {
            var global = new GlobalOptions();
            List<string> rest;
            try
            {
                rest = global.Flags.Parse(words);
            }
            catch (FlagException e)
            {
                CliContext.Warn(
                    $"{e.Message}\n\nUsage:  skiff [OPTIONS] COMMAND [ARG...]\n\nRun 'skiff --help' for more information"
                );
                return CliException.Ours;
            }
            if (global.Version)
            {
                CliContext.PrintLine($"skiff version {Product.Version}, build {Product.ShortCommit}");
                return 0;
            }
            if (rest.Count == 0 || rest[0] == "help" && rest.Count == 1)
            {
                CliContext.Print(HelpText.Program(global.Flags));
                return 0;
            }
            bool help = global.Help;
            if (rest[0] == "help")
            {
                rest.RemoveAt(0);
                help = true;
            }
            return Find(rest, help, out var entry, out string shown, out int skip) is { } code
                ? code
                : RunCommand(global, entry!, shown, rest.Skip(skip).ToArray(), help);
        }

        /// <summary>The command that the words name, or an exit code if they name none.</summary>
        static int? Find(List<string> words, bool help, out CommandEntry? entry, out string shown, out int skip)
        {
            shown = words[0];
            skip = 1;
            entry = CommandTree.Find(null, words[0]);
            if (entry is not null)
                return null;
            if (!CommandTree.IsGroup(words[0]))
            {
                CliContext.Warn($"skiff: unknown command: skiff {words[0]}\n\nRun 'skiff --help' for more information");
                return 1;
            }
            if (help && words.Count == 1 || words.Count == 1 || words[1] is "--help" or "-h")
            {
                CliContext.Print(HelpText.Group(words[0]));
                return 0;
            }
            entry = CommandTree.Find(words[0], words[1]);
            if (entry is null)
            {
                CliContext.Warn(
                    $"skiff: unknown command: skiff {words[0]} {words[1]}\n\nUsage:  skiff {words[0]}\n\nRun 'skiff {words[0]} --help' for more information"
                );
                return 1;
            }
            shown = $"{words[0]} {words[1]}";
            skip = 2;
            return null;
        }

        static int RunCommand(GlobalOptions global, CommandEntry entry, string shown, string[] words, bool help)
        {
            var command = entry.Make();
            var helpFlag = command.Flags.Bool("help", "Show this help");
            List<string> arguments;
            try
            {
                arguments = command.Flags.Parse(words);
            }
            catch (FlagException e)
            {
                CliContext.Warn(
                    $"{e.Message}\n\nUsage:  skiff {shown} {command.Usage}\n\nRun 'skiff {shown} --help' for more information"
                );
                return CliException.Ours;
            }
            if (help || helpFlag)
            {
                CliContext.Print(HelpText.Command(entry, shown, command));
                return 0;
            }
            if (arguments.Count < command.MinArguments || arguments.Count > command.MaxArguments)
            {
                CliContext.Warn(
                    $"skiff: 'skiff {shown}' {Demand(command)}\n\nUsage:  skiff {shown} {command.Usage}\n\nRun 'skiff {shown} --help' for more information"
                );
                return 1;
            }
            try
            {
                var config = new CliConfig(global.ConfigDirectory);
                using var context = new CliContext(new ContextChoice(global, config), config);
                return command.Run(context, arguments);
            }
            catch (CliException e) when (command.RunsContainer && !e.Plain)
            {
                CliContext.Warn($"skiff: {e.Message}\n\nRun 'skiff {shown} --help' for more information");
                return e.ExitCode is 0 or 1 ? CliException.Ours : e.ExitCode;
            }
            catch (CliException e)
            {
                if (e.Message.Length > 0)
                    CliContext.Warn(e.Message);
                return e.ExitCode;
            }
            catch (Exception e)
                when (e
                        is FormatException
                            or IOException
                            and not BrokenPipeException
                            or UnauthorizedAccessException
                            or System.Net.Sockets.SocketException
                )
            {
                CliContext.Warn(
                    command.RunsContainer ? $"skiff: {e.Message}\n\nRun 'skiff {shown} --help' for more information" : e.Message
                );
                return command.RunsContainer ? CliException.Ours : 1;
            }
        }

        static string Demand(Command command)
        {
            int min = command.MinArguments,
                max = command.MaxArguments;
            return max == 0 ? "accepts no arguments"
                : min == max ? $"requires {min} argument{(min == 1 ? "" : "s")}"
                : max == int.MaxValue ? $"requires at least {min} argument{(min == 1 ? "" : "s")}"
                : min == 0 ? $"accepts at most {max} argument{(max == 1 ? "" : "s")}"
                : $"requires at least {min} and at most {max} arguments";
        }
    }
}
