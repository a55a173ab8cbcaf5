// Platforms as users write them ("linux/arm64/v8", "arm64", "linux") and which ones can stand in for another.
using System.Diagnostics.CodeAnalysis;

namespace Skiff.Oci.Names;

/// <summary>Parsing and matching of platforms; synonyms of processors are folded into Go's names.</summary>
public static class PlatformParser
{
    static readonly HashSet<string> KnownSystems =
    [
        "linux",
        "windows",
        "darwin",
        "freebsd",
        "netbsd",
        "openbsd",
        "dragonfly",
        "solaris",
        "illumos",
        "aix",
        "android",
        "plan9",
        "js",
        "wasip1",
        "wasi",
    ];
    static readonly HashSet<string> KnownProcessors =
    [
        "amd64",
        "386",
        "arm",
        "arm64",
        "ppc64",
        "ppc64le",
        "s390x",
        "riscv64",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
        "loong64",
        "wasm",
        "riscv",
        "sparc64",
    ];

    /// <summary>Reads "os", "arch", "os/arch" or "os/arch/variant". What is not said is taken from <paramref name="host"/>.</summary>
    /// <param name="error">For the user, with the text quoted.</param>
    public static bool TryParse(
        string text,
        Platform host,
        [NotNullWhen(true)] out Platform? platform,
        [NotNullWhen(false)] out string? error
    )
    {
        platform = null;
        error = $"\"{text}\": cannot parse platform specifier: invalid argument";
        var parts = text.Split('/', 4);
        if (parts.Length > 3)
            return false;
        foreach (var part in parts)
        {
            if (part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
                continue;
            error =
                $"\"{part}\" is an invalid component of \"{text}\": platform specifier component must match "
                + "\"^[A-Za-z0-9_.-]+$\": invalid argument";
            return false;
        }

        var first = System(parts[0]);
        if (parts.Length > 1)
            platform = Normalize(first, parts[1], parts.Length > 2 ? parts[2] : null);
        else if (KnownSystems.Contains(first))
            platform = host with { OS = first };
        else if (Normalize(host.OS, parts[0], null) is var guess && KnownProcessors.Contains(guess.Architecture))
            platform = guess;
        if (platform is not null)
        {
            error = null;
            return true;
        }
        error = $"\"{text}\": unknown operating system or architecture: invalid argument";
        return false;
    }

    /// <summary>The same platform in the usual words: "x86_64" is "amd64", "arm64/v8" is "arm64", "arm" is "arm/v7".</summary>
    public static Platform Normalize(this Platform platform)
    {
        var usual = Normalize(System(platform.OS), platform.Architecture, platform.Variant);
        return platform with { OS = usual.OS, Architecture = usual.Architecture, Variant = usual.Variant };
    }

    /// <summary>
    /// How well an image of the platform <paramref name="offered"/> suits one that wants this one: 0 is exact, more is a
    /// fallback that the processor runs as well (an older variant, 32 bits), -1 cannot run.
    /// </summary>
    public static int Suits(this Platform wanted, Platform offered)
    {
        (wanted, offered) = (wanted.Normalize(), offered.Normalize());
        return wanted.OS == offered.OS ? Fallbacks(wanted).IndexOf((offered.Architecture, offered.Variant)) : -1;
    }

    // Best first. Variants descend, then the 32-bit processors that the 64-bit one includes.
    static List<(string Architecture, string? Variant)> Fallbacks(Platform wanted)
    {
        var (architecture, variant) = (wanted.Architecture, wanted.Variant);
        List<(string, string?)> all = [(architecture, variant)];
        switch (architecture)
        {
            case "amd64":
                for (var level = Level(variant) - 1; level >= 1; level--)
                    all.Add((architecture, level == 1 ? null : $"v{level}"));
                all.Add(("386", null));
                break;
            case "arm64":
                if (variant is not null)
                    all.Add((architecture, null));
                for (var level = 8; level >= 5; level--)
                    all.Add(("arm", $"v{level}"));
                break;
            case "arm":
                for (var level = Level(variant) - 1; level >= 5; level--)
                    all.Add((architecture, $"v{level}"));
                break;
        }
        return all;
    }

    static int Level(string? variant) => variant is ['v', var digit, ..] && char.IsAsciiDigit(digit) ? digit - '0' : 1;

    static string System(string os) => os.ToLowerInvariant() is var lower && lower == "macos" ? "darwin" : lower;

    static Platform Normalize(string os, string architecture, string? variant)
    {
        architecture = architecture.ToLowerInvariant();
        variant = string.IsNullOrEmpty(variant) ? null : variant.ToLowerInvariant();
        (architecture, variant) = (architecture, variant) switch
        {
            ("i386" or "i686" or "x86", _) => ("386", null),
            ("x86_64" or "x86-64" or "amd64", "v1" or null) => ("amd64", null),
            ("x86_64" or "x86-64", var v) => ("amd64", v),
            ("aarch64" or "arm64", "8" or "v8" or "v8.0" or null) => ("arm64", null),
            ("aarch64", var v) => ("arm64", v),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", null or "7") => ("arm", "v7"),
            ("arm", "5" or "6" or "8") => ("arm", "v" + variant),
            var other => other,
        };
        return new Platform
        {
            OS = os,
            Architecture = architecture,
            Variant = variant,
        };
    }
}
