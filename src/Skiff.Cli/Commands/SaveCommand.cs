// skiff save: images into an archive.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class SaveCommand : Command
{
    readonly StringFlag output;
    readonly StringFlag platform;

    public SaveCommand()
    {
        output = Flags.String("output", "Write this file instead of stdout", 'o');
        platform = Flags.String("platform", "Save only this platform (linux/amd64)");
    }

    public override string Usage => "[OPTIONS] IMAGE [IMAGE...]";
    public override string Summary => "Save images into an archive";
    public override IReadOnlyList<string> Examples => ["save -o app.tar app:2", "save app:2 | ssh other skiff load"];
    public override int MinArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (!output.IsSet && Stdio.Out.IsTerminal)
            throw new CliException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        var query = new Query("/images/get");
        foreach (string name in arguments)
            query.Add("names", name);
        var answer = context.Engine.Request("GET", query.Add("platform", PlatformOption.ToJson(platform.Given)));
        OutputFile.Write(answer.Body, output.Given);
        return 0;
    }
}
