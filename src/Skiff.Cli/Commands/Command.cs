// What every command is: its words for help, its flags, its work.
using System.Text;
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal abstract class Command
{
    protected Command(bool interspersed = true) => Flags = new FlagSet { Interspersed = interspersed };

    public FlagSet Flags { get; }

    /// <summary>What follows the command's name: "[OPTIONS] IMAGE [COMMAND] [ARG...]".</summary>
    public abstract string Usage { get; }

    /// <summary>One sentence.</summary>
    public abstract string Summary { get; }

    /// <summary>Commands to try, one a line, without the program's name.</summary>
    public virtual IReadOnlyList<string> Examples => [];
    public virtual int MinArguments => 0;
    public virtual int MaxArguments => int.MaxValue;

    /// <summary>Failures are reported as "skiff: ..." and end with 125, as a container's code could be meant otherwise.</summary>
    public virtual bool RunsContainer => false;

    /// <returns>the exit code</returns>
    public abstract int Run(CliContext context, IReadOnlyList<string> arguments);
}

/// <summary>What commands work with.</summary>
internal sealed class CliContext(ContextChoice choice, CliConfig config) : IDisposable
{
    EngineClient? engine;

    public EngineClient Engine => engine ??= new EngineClient(choice.Host);
    public CliConfig Config => config;

    /// <summary>Where the engine is.</summary>
    public string EngineHost => choice.Host;

    /// <summary>The docker context in use; "default" if none is.</summary>
    public string ContextName => choice.Name;
    public ContextStore Contexts { get; } = new(config.DirectoryPath);

    /// <summary>A context by name, the default one too.</summary>
    /// <exception cref="CliException">there is none</exception>
    public DockerContext FindContext(string name) =>
        name == ContextStore.Default
            ? new DockerContext(name, ContextStore.DefaultDescription, choice.DefaultHost, false)
            : Contexts.Get(name);

    /// <summary>A further client of the same engine, for a request beside a running one.</summary>
    public EngineClient AnotherEngine() => new(choice.Host);

    public static void Print(string text) => Stdio.Out.Write(Encoding.UTF8.GetBytes(text));

    public static void PrintLine(string line) => Print(line + "\n");

    public static void Warn(string line) => Stdio.Error.Write(Encoding.UTF8.GetBytes(line + "\n"));

    public void Dispose() => engine?.Dispose();
}

/// <summary>A command that does the same to each of the named objects, and says which failed.</summary>
internal abstract class EachCommand(bool interspersed = true) : Command(interspersed)
{
    public override int MinArguments => 1;

    /// <summary>Does it to one; returns what is printed, or null for nothing.</summary>
    protected abstract string? Do(CliContext context, string name);

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        int code = 0;
        foreach (string name in arguments)
            try
            {
                if (Do(context, name) is { } line)
                    CliContext.PrintLine(line);
            }
            catch (EngineErrorException e)
            {
                CliContext.Warn(e.Message);
                code = 1;
            }
        return code;
    }

    protected static string Container(string name) => "/containers/" + Query.Escape(name);
}
