// The progress of pull, push, load and import: one line a layer, redrawn on a terminal; plain lines elsewhere.
using System.Text;
using System.Text.Json;
using Skiff.Docker;
using Skiff.Linux.Terminals;

namespace Skiff.Cli.Output;

/// <summary>Shows messages as they come. A failure among them is thrown.</summary>
internal sealed class ProgressDisplay(Terminal.Stdio output)
{
    readonly bool terminal = output.IsTerminal;
    readonly List<string> lines = [];

    /// <summary>Called with the "aux" of a message.</summary>
    public Action<JsonElement>? OnAux { get; init; }

    /// <summary>Called with every message; true: it is not to be shown.</summary>
    public Func<ProgressMessage, bool>? Intercept { get; init; }

    /// <exception cref="CliException">the engine reported a failure</exception>
    public void Show(Stream messages)
    {
        var reader = new JsonStream(messages);
        while (reader.Next() is { } json)
        {
            var message = JsonSerializer.Deserialize(json.Span, DockerJson.Wire.ProgressMessage);
            if (message is null || Intercept?.Invoke(message) == true)
                continue;
            if (message.ErrorDetail?.Message is { Length: > 0 } or null && message.Error is not null)
                throw new CliException(message.ErrorDetail?.Message ?? message.Error);
            if (message.ErrorDetail is { } detail)
                throw new CliException(detail.Message);
            if (message.Aux is { } aux)
                OnAux?.Invoke(aux);
            if (message.Stream is { } text)
                Write(text);
            else if (message.Status is { } status)
                ShowStatus(message, status);
        }
    }

    void ShowStatus(ProgressMessage message, string status)
    {
        string bar = message.ProgressDetail is { } detail ? Bar(detail) : message.Progress ?? "";
        if (!terminal)
        {
            if (bar.Length == 0)
                Write(message.Id is { Length: > 0 } id ? $"{id}: {status}\n" : status + "\n");
            return;
        }
        if (message.Id is not { Length: > 0 })
        {
            Write(status + "\n");
            // What comes later on known lines is drawn anew below.
            lines.Clear();
            return;
        }
        int index = lines.IndexOf(message.Id);
        string text = $"{message.Id}: {status} {bar}";
        if (index < 0)
        {
            lines.Add(message.Id);
            Write($"\r\e[2K{text}\r\n");
            return;
        }
        int up = lines.Count - index;
        Write($"\e[{up}A\r\e[2K{text}\r\e[{up}B");
    }

    /// <summary>"[=====>      ]  1.2MB/3.4MB", as wide as the terminal allows.</summary>
    string Bar(ProgressDetail detail)
    {
        if (detail.Current <= 0 && detail.Total <= 0)
            return "";
        string current = detail.Units is { } units ? $"{detail.Current} {units}" : Units.Size(detail.Current, 4);
        if (detail.Total <= 0)
            return $"{current, 8}";
        int columns = terminal ? TerminalColumns() : 200;
        int percent = (int)Math.Min(100, detail.Current * 100 / detail.Total);
        string bar =
            columns > 110
                ? "[" + new string('=', percent / 2) + (percent / 2 < 50 ? ">" + new string(' ', 49 - percent / 2) : "") + "]  "
                : "";
        return detail.HideCounts ? bar : $"{bar}{current, 8}/{Units.Size(detail.Total, 4)}";
    }

    int TerminalColumns() => Termios.GetWindowSize(output.Number) is { Columns: > 0 } size ? size.Columns : 80;

    void Write(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
