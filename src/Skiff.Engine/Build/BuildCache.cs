// What steps made, by what they were made of: across builds, images and restarts of the engine.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skiff.Engine.Storage;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Build;

/// <summary>The layer of a step.</summary>
internal sealed record CachedStep
{
    public required Digest DiffId { get; init; }
    public required Digest ChainId { get; init; }
    public required Descriptor Blob { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required long Size { get; init; }
    public required DateTimeOffset Created { get; init; }
    public DateTimeOffset LastUsed { get; init; }
    public int Uses { get; init; }

    /// <summary>The instruction, for people.</summary>
    public required string Description { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(CachedStep))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class BuildJson : JsonSerializerContext;

/// <summary>Keys are digests of everything that a step's result depends on. Bounded: what was not used longest goes first.</summary>
internal sealed class BuildCache
{
    /// <summary>Of what steps do with the same words: another one makes another layer.</summary>
    const string Generation = "1";

    const int MaxSteps = 5000;
    const long MaxBytes = 20L << 30;

    readonly Database database;
    readonly Lock gate = new();
    readonly Dictionary<string, CachedStep> steps = new(StringComparer.Ordinal);

    /// <summary>The key last written for a place: most builds change nothing there.</summary>
    readonly Dictionary<string, string> remembered = new(StringComparer.Ordinal);

    internal BuildCache(Database database)
    {
        this.database = database;
        foreach (var (key, json) in database.Read("SELECT key, record FROM build_cache", r => (r.GetString(0), r.GetString(1))))
            steps[key] = JsonSerializer.Deserialize(json, BuildJson.Default.CachedStep)!;
    }

    /// <summary>Each with its key, least recently used first.</summary>
    internal IReadOnlyList<(string Key, CachedStep Step)> All()
    {
        lock (gate)
            return [.. steps.Select(s => (s.Key, s.Value)).OrderBy(s => s.Value.LastUsed)];
    }

    /// <summary>Of parts in their order. No part can pass for the end of another.</summary>
    internal static string Key(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder(Generation);
        foreach (string part in parts)
            text.Append(part.Length).Append(':').Append(part).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    internal CachedStep? Find(string key)
    {
        lock (gate)
        {
            if (!steps.TryGetValue(key, out var step))
                return null;
            // Not written at once: after a crash it is as if it had not been used.
            return steps[key] = step with { LastUsed = DateTimeOffset.UtcNow, Uses = step.Uses + 1 };
        }
    }

    internal void Add(string key, CachedStep step)
    {
        lock (gate)
        {
            Write(key, step);
            steps[key] = step;
            long bytes = steps.Values.Sum(s => s.Size);
            foreach (var (old, value) in steps.OrderBy(s => s.Value.LastUsed).ToList())
            {
                if (steps.Count <= MaxSteps && bytes <= MaxBytes)
                    break;
                if (old == key)
                    continue;
                bytes -= value.Size;
                Remove(old);
            }
        }
    }

    internal void Remove(string key)
    {
        lock (gate)
        {
            database.Write("DELETE FROM build_cache WHERE key = ?1", key);
            steps.Remove(key);
        }
    }

    /// <summary>Why there is no result for a step now, as far as what it was made of last time tells.</summary>
    /// <param name="place">of the step in its Dockerfile</param>
    /// <returns>null: it was never done here</returns>
    internal string? WhyMissed(string place, IReadOnlyDictionary<string, string> parts)
    {
        var before = database.Read("SELECT parts FROM build_steps WHERE place = ?1", r => r.GetString(0), place);
        return before.Count == 0
            ? null
            : StepKey.Difference(JsonSerializer.Deserialize(before[0], BuildJson.Default.DictionaryStringString)!, parts)
                ?? "its result is no longer in the cache";
    }

    /// <summary>Of what a step was made this time.</summary>
    /// <param name="key">the digest of the parts</param>
    internal void Remember(string place, string key, Func<Dictionary<string, string>> parts)
    {
        lock (gate)
            if (remembered.GetValueOrDefault(place) == key)
                return;
        string json = JsonSerializer.Serialize(parts(), BuildJson.Default.DictionaryStringString);
        var before = database.Read("SELECT parts FROM build_steps WHERE place = ?1", r => r.GetString(0), place);
        if (before.Count == 0 || before[0] != json)
            database.Write("INSERT OR REPLACE INTO build_steps (place, parts) VALUES (?1, ?2)", place, json);
        lock (gate)
        {
            if (remembered.Count >= MaxSteps)
                remembered.Clear();
            remembered[place] = key;
        }
    }

    void Write(string key, CachedStep step) =>
        database.Write(
            "INSERT OR REPLACE INTO build_cache (key, record) VALUES (?1, ?2)",
            key,
            JsonSerializer.Serialize(step, BuildJson.Default.CachedStep)
        );
}
