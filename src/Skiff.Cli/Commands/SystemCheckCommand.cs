// skiff system check: is everything in the store what it should be?
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class SystemCheckCommand : Command
{
    readonly BoolFlag repair;
    readonly BoolFlag quiet;

    public SystemCheckCommand()
    {
        quiet = Flags.Bool("quiet", "Print only what is wrong", 'q');
        repair = Flags.Bool("repair", "Mend what can be mended, remove what nothing refers to", 'r');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Verify every blob, layer and record of images";
    public override IReadOnlyList<string> Examples =>
        ["system check              read everything, change nothing", "system check --repair"];
    public override int MaxArguments => 0;

    /// <summary>0 if nothing is wrong, or nothing any more; 1 if something is left.</summary>
    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var report = context.Engine.Post(
            new Query("/system/check").Add("repair", repair),
            default,
            DockerJson.Wire.StoreCheckBody
        );
        foreach (var fault in report.Faults)
            CliContext.PrintLine($"{fault.Subject}: {fault.Problem}" + (fault.Repair is null ? "" : $": {fault.Repair}"));
        int left = report.Faults.Count(f => f.Repair is null);
        if (!quiet)
            CliContext.PrintLine(
                $"{report.Images} images, {report.Layers} layers, {report.Blobs} blobs ({Units.Size(report.Bytes, 4)} read): "
                    + (
                        report.Faults.Count == 0 ? "no fault found"
                        : left == 0 ? $"{report.Faults.Count} faults mended"
                        : $"{report.Faults.Count} faults, {report.Faults.Count - left} mended"
                    )
            );
        return left == 0 ? 0 : 1;
    }
}
