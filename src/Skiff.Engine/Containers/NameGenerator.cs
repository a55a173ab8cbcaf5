// Names for containers that were given none: an adjective and a word of the sea.
using System.Security.Cryptography;

namespace Skiff.Engine.Containers;

internal static class NameGenerator
{
    static readonly string[] Adjectives =
    [
        "able",
        "amber",
        "bold",
        "brave",
        "bright",
        "brisk",
        "calm",
        "clever",
        "coral",
        "crisp",
        "daring",
        "dapper",
        "eager",
        "early",
        "fair",
        "fleet",
        "fond",
        "free",
        "gentle",
        "glad",
        "golden",
        "grand",
        "happy",
        "hardy",
        "jolly",
        "keen",
        "kind",
        "lively",
        "lucky",
        "merry",
        "mighty",
        "nimble",
        "noble",
        "patient",
        "plucky",
        "proud",
        "quick",
        "quiet",
        "ready",
        "rosy",
        "sharp",
        "silver",
        "smart",
        "snug",
        "spry",
        "steady",
        "sunny",
        "swift",
        "tidy",
        "trim",
        "trusty",
        "upbeat",
        "vivid",
        "warm",
        "wise",
        "witty",
        "young",
        "zesty",
    ];

    static readonly string[] Nouns =
    [
        "albatross",
        "anchor",
        "atoll",
        "barge",
        "bay",
        "beacon",
        "bosun",
        "bowline",
        "breeze",
        "buoy",
        "capstan",
        "clipper",
        "compass",
        "cove",
        "current",
        "cutter",
        "delta",
        "dinghy",
        "dolphin",
        "ensign",
        "ferry",
        "fjord",
        "galley",
        "gannet",
        "gull",
        "halyard",
        "harbour",
        "heron",
        "island",
        "jetty",
        "kayak",
        "keel",
        "kelp",
        "ketch",
        "lagoon",
        "lantern",
        "mainsail",
        "mariner",
        "mast",
        "narwhal",
        "navigator",
        "oar",
        "otter",
        "pelican",
        "petrel",
        "pilot",
        "porpoise",
        "quay",
        "reef",
        "rigging",
        "rudder",
        "schooner",
        "seal",
        "sextant",
        "shoal",
        "sloop",
        "spinnaker",
        "sprit",
        "tern",
        "tide",
        "tiller",
        "trawler",
        "tug",
        "voyage",
        "whale",
        "yawl",
    ];

    /// <summary>A name that is free right now; the store still decides when the container is added.</summary>
    internal static string Next(Func<string, bool> isFree)
    {
        for (int attempt = 0; ; attempt++)
        {
            string name = $"{Pick(Adjectives)}_{Pick(Nouns)}";
            if (attempt >= 5)
                name += RandomNumberGenerator.GetInt32(1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (isFree(name))
                return name;
        }
    }

    static string Pick(string[] words) => words[RandomNumberGenerator.GetInt32(words.Length)];
}
