// skiff volume create: a place for data that outlives containers.
using Skiff.Cli.Options;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class VolumeCreateCommand : Command
{
    readonly StringFlag driver,
        name;
    readonly ListFlag label,
        option;

    public VolumeCreateCommand()
    {
        driver = Flags.String("driver", "What makes it (local)", 'd');
        label = Flags.List("label", "Set a label (name=value)");
        name = Flags.String("name", "Its name, as the argument says it better");
        option = Flags.List("opt", "Set an option of the driver: type, device, o, as mount(8) takes them", 'o', "map");
    }

    public override string Usage => "[OPTIONS] [VOLUME]";
    public override string Summary => "Create a volume";
    public override IReadOnlyList<string> Examples =>
        ["volume create data", "volume create -o type=tmpfs -o device=tmpfs -o o=size=64m scratch"];
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (name.IsSet && arguments.Count > 0)
            throw new CliException(
                "conflicting options: cannot specify a volume-name through both --name and as a positional arg"
            );
        var volume = context.Engine.Post(
            "/volumes/create",
            EngineClient.Json(
                new VolumeCreateBody
                {
                    Name = arguments.Count > 0 ? arguments[0] : name,
                    Driver = driver.IsSet ? driver.Value : "local",
                    DriverOpts = Values.Map(option.Values) ?? [],
                    Labels = Values.Map(label.Values) ?? [],
                },
                DockerJson.Wire.VolumeCreateBody
            ),
            DockerJson.Wire.VolumeBody
        );
        CliContext.PrintLine(volume.Name);
        return 0;
    }
}
