// The grammar of --restart.
using System.Globalization;
using Skiff.Docker;

namespace Skiff.Cli.Options;

internal static class RestartOption
{
    /// <summary>"no", "always", "on-failure:3"; whether there is such a policy is the engine's to say.</summary>
    /// <exception cref="FormatException">too many colons, or no number</exception>
    public static RestartPolicy Parse(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length > 2)
            throw new FormatException("invalid restart policy format: too many colons");
        int count = 0;
        if (parts.Length == 2 && (!int.TryParse(parts[1], CultureInfo.InvariantCulture, out count) || count < 0))
            throw new FormatException("invalid restart policy format: maximum retry count must be an integer");
        return new RestartPolicy { Name = parts[0], MaximumRetryCount = count };
    }
}
