// What a container takes from its image where its user said nothing.
using Skiff.Engine.Bundles;
using Skiff.Oci.Images;

namespace Skiff.Engine.Containers;

internal static class ImageDefaults
{
    /// <summary>Docker's rules: lists of the user replace, maps and variables merge, an entrypoint drops the image's command.</summary>
    /// <exception cref="EngineException">InvalidParameter: nothing to run</exception>
    internal static ContainerConfig Merge(ContainerConfig user, ImageRunConfig? image)
    {
        image ??= new ImageRunConfig();
        bool ownEntrypoint = user.Entrypoint is { Count: > 0 };
        // An entrypoint of one empty word is how clients say "none", without words how they say "none, but your command".
        var entrypoint = user.Entrypoint is [""] ? [] : user.Entrypoint ?? image.Entrypoint;
        var command = user.Cmd is { Count: > 0 } || ownEntrypoint ? user.Cmd : image.Cmd;
        if (entrypoint is null or { Count: 0 } && command is null or { Count: 0 })
            throw EngineException.Invalid("no command specified");
        return user with
        {
            Entrypoint = entrypoint,
            Cmd = command,
            Env = WithImageEnvironment(user.Env, image.Env ?? []),
            User = user.User.Length > 0 ? user.User : image.User ?? "",
            WorkingDir = user.WorkingDir.Length > 0 ? user.WorkingDir : image.WorkingDir ?? "",
            Labels = MergeLabels(image.Labels, user.Labels),
            ExposedPorts = [.. (image.ExposedPorts?.Keys ?? []).Union(user.ExposedPorts)],
            Volumes = [.. (image.Volumes?.Keys ?? []).Union(user.Volumes)],
            StopSignal = user.StopSignal ?? image.StopSignal,
            Healthcheck = MergeHealthcheck(user.Healthcheck, image.Healthcheck),
            Shell = user.Shell ?? image.Shell,
            OnBuild = user.OnBuild ?? image.OnBuild,
        };
    }

    /// <summary>The user's variables, then the image's that the user did not name; "NAME" alone is a variable that is not wanted.</summary>
    internal static IReadOnlyList<string> WithImageEnvironment(IReadOnlyList<string> user, IReadOnlyList<string> image)
    {
        var named = user.Select(Name).ToHashSet(StringComparer.Ordinal);
        return [.. MergeEnvironment([], user), .. image.Where(v => !named.Contains(Name(v)))];
    }

    /// <summary>A process's variables with further ones put over them; "NAME" alone removes a variable.</summary>
    internal static IReadOnlyList<string> MergeEnvironment(IReadOnlyList<string> image, IReadOnlyList<string> user)
    {
        var merged = image.ToList();
        foreach (string variable in user)
        {
            int at = merged.FindIndex(v => Name(v).Equals(Name(variable), StringComparison.Ordinal));
            bool removes = !variable.Contains('=', StringComparison.Ordinal);
            if (at >= 0 && removes)
                merged.RemoveAt(at);
            else if (at >= 0)
                merged[at] = variable;
            else if (!removes)
                merged.Add(variable);
        }
        return merged;
    }

    static string Name(string variable)
    {
        int equals = variable.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? variable : variable[..equals];
    }

    /// <summary>A user who gives no command keeps the image's; what neither says has a default.</summary>
    static ImageHealthcheck? MergeHealthcheck(ImageHealthcheck? user, ImageHealthcheck? image) =>
        user is null || image is null
            ? user ?? image
            : new ImageHealthcheck
            {
                Test = user.Test is { Count: > 0 } ? user.Test : image.Test,
                Interval = user.Interval is > 0 ? user.Interval : image.Interval,
                Timeout = user.Timeout is > 0 ? user.Timeout : image.Timeout,
                StartPeriod = user.StartPeriod is > 0 ? user.StartPeriod : image.StartPeriod,
                StartInterval = user.StartInterval is > 0 ? user.StartInterval : image.StartInterval,
                Retries = user.Retries is > 0 ? user.Retries : image.Retries,
            };

    static Dictionary<string, string> MergeLabels(
        IReadOnlyDictionary<string, string>? image,
        IReadOnlyDictionary<string, string> user
    )
    {
        var labels = new Dictionary<string, string>(image ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (key, value) in user)
            labels[key] = value;
        return labels;
    }
}
