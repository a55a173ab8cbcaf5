// skiff-runtime list: all containers of a root.
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Skiff.Runtime.State;

namespace Skiff.Runtime.Commands;

/// <summary>list [--format table|json] [--quiet].</summary>
internal static class ListCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        var arguments = Arguments.Parse("list", given, ["format|f"], ["quiet|q"]);
        if (arguments.Has("quiet"))
            return Program.Print(string.Concat(store.All().Select(r => r.Id + "\n")));
        return arguments.Value("format") switch
        {
            "json" => Json(store),
            null or "table" => Table(store),
            string other => throw new UsageException($"list: invalid format option {other}"),
        };
    }

    static int Json(StateStore store)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (ContainerRecord record in store.All())
            {
                using LiveState state = LiveState.Of(store, record);
                StateJson.Write(writer, record, state.Status, state.Container.Spec);
            }
            writer.WriteEndArray();
        }
        return Program.Print(buffer.WrittenSpan);
    }

    static int Table(StateStore store)
    {
        var rows = new List<string[]> { new[] { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
        foreach (ContainerRecord record in store.All())
        {
            using LiveState state = LiveState.Of(store, record);
            int pid = state.Status == ContainerStatus.Stopped ? 0 : record.Pid;
            rows.Add([
                record.Id,
                pid.ToString(CultureInfo.InvariantCulture),
                state.Status.Word(),
                record.Bundle,
                record.Created.ToString("O", CultureInfo.InvariantCulture),
                "root",
            ]);
        }
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
                text.Append(i == row.Length - 1 ? row[i] : row[i].PadRight(rows.Max(r => r[i].Length) + 3));
            text.Append('\n');
        }
        return Program.Print(text.ToString());
    }
}
