// What an image made of a container runs: the container's configuration, the client's over it, the changes over both.
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Oci.Images;

namespace Skiff.Engine.Containers;

internal static class RunConfigs
{
    /// <summary>
    /// As Docker does: the changes go over what the client says (or, if nothing, over the container's), then the
    /// container's fills in what is left open, as an image's does at create.
    /// </summary>
    /// <exception cref="EngineException">InvalidParameter: a wrong change</exception>
    internal static ImageRunConfig Of(ContainerConfig container, ContainerConfig? client, IReadOnlyList<string> changes)
    {
        var below = Of(container);
        if (client is null)
            return ImportChanges.Apply(below, changes);
        var over = ImportChanges.Apply(Of(client), changes);
        var merged = ImageDefaults.Merge(ToContainer(over), below);
        // These two are the client's or nobody's.
        return Of(merged with { Shell = over.Shell, OnBuild = over.OnBuild });
    }

    static ImageRunConfig Of(ContainerConfig config) =>
        new()
        {
            User = NullIfEmpty(config.User),
            ExposedPorts = Set(config.ExposedPorts),
            Env = config.Env.Count > 0 ? config.Env : null,
            Entrypoint = config.Entrypoint,
            Cmd = config.Cmd,
            Volumes = Set(config.Volumes),
            WorkingDir = NullIfEmpty(config.WorkingDir),
            Labels = config.Labels.Count > 0 ? config.Labels : null,
            StopSignal = config.StopSignal,
            Healthcheck = config.Healthcheck,
            Shell = config.Shell,
            OnBuild = config.OnBuild,
        };

    static ContainerConfig ToContainer(ImageRunConfig config) =>
        new()
        {
            User = config.User ?? "",
            ExposedPorts = [.. config.ExposedPorts?.Keys ?? []],
            Env = config.Env ?? [],
            Entrypoint = config.Entrypoint,
            Cmd = config.Cmd,
            Volumes = [.. config.Volumes?.Keys ?? []],
            WorkingDir = config.WorkingDir ?? "",
            Labels = config.Labels ?? new Dictionary<string, string>(),
            StopSignal = config.StopSignal,
            Healthcheck = config.Healthcheck,
        };

    static Dictionary<string, EmptyObject>? Set(IReadOnlyList<string> members) =>
        members.Count > 0 ? members.ToDictionary(m => m, _ => new EmptyObject()) : null;

    static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
