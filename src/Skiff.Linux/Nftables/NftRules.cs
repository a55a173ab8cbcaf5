// The parts that rules are made of: libnftables-json(5), EXPRESSIONS and STATEMENTS.
using System.Text.Json;

namespace Skiff.Linux.Nftables;

/// <summary>Where a chain is hooked in, and when: lower priorities come first. nft(8), CHAINS.</summary>
public sealed record NftHook(string Type, string Name, int Priority)
{
    public static readonly NftHook Forward = new("filter", "forward", 0);
    public static readonly NftHook SourceNat = new("nat", "postrouting", 100);
}

/// <summary>One match or statement of a rule.</summary>
public sealed class NftExpression
{
    internal NftExpression(Action<Utf8JsonWriter> write) => Write = write;

    internal Action<Utf8JsonWriter> Write { get; }
}

public static class NftRules
{
    /// <summary>Packets that came in by an interface.</summary>
    public static NftExpression ComesInBy(string link) => Match("==", Meta("iifname"), Text(link));

    /// <summary>Packets that go out by an interface.</summary>
    public static NftExpression GoesOutBy(string link) => Match("==", Meta("oifname"), Text(link));

    /// <summary>Packets that do not go out by an interface.</summary>
    public static NftExpression GoesNotOutBy(string link) => Match("!=", Meta("oifname"), Text(link));

    /// <summary>IPv4 packets from a subnet.</summary>
    public static NftExpression ComesFrom(string address, int prefixLength) =>
        Match(
            "==",
            w =>
            {
                w.WriteStartObject("left");
                w.WriteStartObject("payload");
                w.WriteString("protocol", "ip");
                w.WriteString("field", "saddr");
                w.WriteEndObject();
                w.WriteEndObject();
            },
            w =>
            {
                w.WriteStartObject("right");
                w.WriteStartObject("prefix");
                w.WriteString("addr", address);
                w.WriteNumber("len", prefixLength);
                w.WriteEndObject();
                w.WriteEndObject();
            }
        );

    /// <summary>Packets of connections that were let through before, and errors about them.</summary>
    public static NftExpression IsEstablished { get; } =
        Match(
            "in",
            w =>
            {
                w.WriteStartObject("left");
                w.WriteStartObject("ct");
                w.WriteString("key", "state");
                w.WriteEndObject();
                w.WriteEndObject();
            },
            w =>
            {
                w.WriteStartArray("right");
                w.WriteStringValue("established");
                w.WriteStringValue("related");
                w.WriteEndArray();
            }
        );

    public static NftExpression Accept { get; } = Statement("accept");
    public static NftExpression Drop { get; } = Statement("drop");

    /// <summary>Gives packets the address of the interface they leave by.</summary>
    public static NftExpression Masquerade { get; } = Statement("masquerade");

    static NftExpression Statement(string name) =>
        new(w =>
        {
            w.WriteStartObject();
            w.WriteNull(name);
            w.WriteEndObject();
        });

    static NftExpression Match(string op, Action<Utf8JsonWriter> left, Action<Utf8JsonWriter> right) =>
        new(w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("match");
            w.WriteString("op", op);
            left(w);
            right(w);
            w.WriteEndObject();
            w.WriteEndObject();
        });

    static Action<Utf8JsonWriter> Meta(string key) =>
        w =>
        {
            w.WriteStartObject("left");
            w.WriteStartObject("meta");
            w.WriteString("key", key);
            w.WriteEndObject();
            w.WriteEndObject();
        };

    static Action<Utf8JsonWriter> Text(string value) => w => w.WriteString("right", value);
}
