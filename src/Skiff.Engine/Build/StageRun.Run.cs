// RUN: a process in a sandbox of the engine's, on a writable layer over the state before.
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Dockerfile;
using Skiff.Engine.Images;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

internal sealed partial class StageRun
{
    const int OutOfMemoryExit = 137;

    async Task RunStepAsync(Instruction instruction)
    {
        var expansion = Expansion();
        var mounts = new List<RunMount>();
        string network = Request.Host.NetworkMode;
        foreach (var (flag, value) in instruction.Flags)
            switch (flag)
            {
                case "mount":
                    mounts.Add(
                        RunMount.Parse(
                            value ?? throw instruction.Error("missing a value on flag: mount"),
                            instruction,
                            expansion,
                            state.Config.WorkingDir ?? "/"
                        )
                    );
                    break;
                case "network":
                    network = value switch
                    {
                        "default" => network,
                        "none" => "none",
                        "host" => Request.AllowHostNetwork
                            ? "host"
                            : throw instruction.Error(
                                "granting entitlement network.host is not allowed by build daemon configuration: build with --allow network.host or --network host"
                            ),
                        _ => throw instruction.Error($"unsupported network mode \"{value}\""),
                    };
                    break;
                case "security":
                    if (value != "sandbox")
                        throw EngineException.NotImplemented(
                            $"RUN --security={value} is not supported by this release of Skiff: steps run in the sandbox of containers"
                        );
                    break;
                case "device":
                    throw EngineException.NotImplemented("RUN --device is not supported by this release of Skiff");
                default:
                    throw instruction.Error($"unknown flag: --{flag}");
            }
        using var held = new HeldMounts();
        var command = CommandOf(instruction, held, out string shown);
        var arguments = state.Arguments.Where(a => ConfigSteps.Variable(state.Config.Env, a.Name) is null).ToList();
        string[] variables = [.. arguments.Where(a => a.Value is not null).Select(a => $"{a.Name}={a.Value}")];
        string told =
            state.Arguments.Count == 0
                ? ""
                : $"|{state.Arguments.Count} "
                    + string.Concat(
                        state.Arguments.Select(a => $"{a.Name}={ConfigSteps.Variable(state.Config.Env, a.Name) ?? a.Value} ")
                    );

        var key = NewKey(instruction);
        key.Add(StepKey.Command, BuildCache.Key([.. command, shown]));
        foreach (string variable in variables)
            key.Add($"ARG {variable[..variable.IndexOf('=', StringComparison.Ordinal)]}", variable);
        foreach (string variable in state.Config.Env ?? [])
            key.Add($"ENV {variable.Split('=')[0]}", variable);
        key.Add("WORKDIR", state.Config.WorkingDir ?? "");
        key.Add("USER", state.Config.User ?? "");
        key.Add("the network", network);
        foreach (var mount in mounts)
            key.Add($"the mount at {mount.Target}", mount.KeyText + await held.AddAsync(this, mount, instruction, key));

        await LayerStepAsync(
            key,
            $"RUN {told}{shown} # buildkit",
            LeftOut(mounts),
            async (id, snapshot) =>
            {
                await build.Tools.Steps.WaitAsync(Cancellation);
                try
                {
                    var bound = held.Bind(this);
                    var container = new Container
                    {
                        Id = id,
                        Name = $"build-{id[..12]}",
                        Created = DateTimeOffset.UtcNow,
                        ImageName = "",
                        ImageId = ImageService.IdOf(state.ImageConfig),
                        Config = new ContainerConfig
                        {
                            Hostname = "buildkitsandbox",
                            User = state.Config.User ?? "",
                            Env =
                            [
                                .. state.Config.Env ?? [],
                                .. variables,
                                .. build.Arguments.ProxyVariables(),
                                .. held.Variables,
                            ],
                            Cmd = command,
                            WorkingDir = state.Config.WorkingDir is { Length: > 0 } directory ? directory : "/",
                        },
                        Host = Request.Host with { NetworkMode = network, LogDriver = "none" },
                        Networks = network is "host" or "none" ? [] : [new Networks.EndpointRequest { Network = network }],
                    };
                    build.Report(new BuildEvent.Running(vertex, id));
                    Skiff.Tasks.ExitAnswer exit;
                    try
                    {
                        exit = await build.Tools.Sandbox.RunAsync(
                            container,
                            snapshot,
                            bound,
                            (isError, bytes) => build.Report(new BuildEvent.Output(vertex, isError, bytes)),
                            Cancellation
                        );
                    }
                    catch (EngineException e)
                    {
                        throw instruction.Error(
                            $"process \"{string.Join(' ', command)}\" did not complete successfully: {e.Message.Replace("failed to create task for container: ", "", StringComparison.Ordinal)}"
                        );
                    }
                    build.Report(new BuildEvent.Ended(vertex, id));
                    if (exit.Code != 0)
                        throw new StepFailedException(
                            vertex,
                            string.Join(' ', command),
                            exit.Code,
                            exit.Code == OutOfMemoryExit && exit.OomKilled,
                            BeforeFailure()
                        );
                }
                finally
                {
                    build.Tools.Steps.Release();
                }
            }
        );
    }

    /// <summary>The arguments of execve; a heredoc becomes a script or input of the shell.</summary>
    IReadOnlyList<string> CommandOf(Instruction instruction, HeldMounts held, out string shown)
    {
        IReadOnlyList<string> shell = state.Config.Shell ?? ["/bin/sh", "-c"];
        if (instruction.Json is { } exec)
        {
            if (exec.Count == 0)
                throw instruction.Error("RUN requires at least one argument");
            shown = string.Join(' ', exec);
            return exec;
        }
        string line = instruction.Arguments;
        if (
            instruction.Heredocs is [var only]
            && System.Text.RegularExpressions.Regex.IsMatch(line, @"^<<-?[""']?[^\s""'<]+[""']?\s*\z")
        )
        {
            // The whole command is the heredoc: its first line may name what runs it. Variables are the shell's.
            string script = only.Content;
            shown = string.Join(' ', shell) + " " + script;
            if (!script.StartsWith("#!", StringComparison.Ordinal))
                return [.. shell, script];
            return [.. shell, held.AddScript(this, only.Name, script)];
        }
        var text = new StringBuilder(line);
        foreach (var heredoc in instruction.Heredocs)
            text.Append('\n').Append(heredoc.Content).Append(heredoc.Name);
        if (instruction.Heredocs.Count > 0)
            text.Append('\n');
        shown = $"{string.Join(' ', shell)} {text}";
        return [.. shell, text.ToString()];
    }

    /// <summary>The state before a step that failed, as an image that can be run to look into it. It has no name.</summary>
    Oci.Names.Digest? BeforeFailure()
    {
        if (state.Layers.Count == 0)
            return null;
        return build.Tools.Images.AddBuilt(state.ImageConfig, state.Layers, state.Size, [], build.Lease).Id;
    }

    /// <summary>Places that were made only for mounts.</summary>
    static HashSet<string> LeftOut(IReadOnlyList<RunMount> mounts)
    {
        var places = Snapshot.MountPlaces.ToHashSet(StringComparer.Ordinal);
        foreach (var mount in mounts)
            if (mount.Target.Trim('/') is { Length: > 0 } place)
                places.Add(place);
        return places;
    }
}
