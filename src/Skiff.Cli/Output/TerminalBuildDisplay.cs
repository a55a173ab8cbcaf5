// A build on a terminal: one line a step, the output of what runs below it, drawn anew as it goes on.
using System.Diagnostics;
using System.Text;
using Skiff.Cli.Terminal;
using Skiff.Docker;
using Skiff.Linux.Terminals;

namespace Skiff.Cli.Output;

internal sealed class TerminalBuildDisplay : BuildDisplay
{
    const int OutputLines = 6;
    static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    sealed class Step(string title)
    {
        public string Title { get; } = title;
        public long Begun { get; } = Stopwatch.GetTimestamp();
        public string? Took { get; set; }
        public string Mark { get; set; } = "";
        public List<string> Output { get; } = [""];
        public Dictionary<string, string> Transfers { get; } = [];
    }

    readonly Lock gate = new();
    readonly List<Step> steps = [];
    readonly Dictionary<int, Step> byId = [];
    readonly long begun = Stopwatch.GetTimestamp();
    readonly System.Threading.Timer timer;
    int drawn;
    int printed;
    bool ended;

    public TerminalBuildDisplay() => timer = new System.Threading.Timer(_ => Draw(), null, Refresh, Refresh);

    protected override void On(BuildProgressBody body, ReadOnlyMemory<byte> json)
    {
        lock (gate)
        {
            if (body.Step is not { } told || Title(told) is not { } title)
                return;
            if (!byId.TryGetValue(told.Id, out var step))
                steps.Add(byId[told.Id] = step = new Step(title));
            switch (body.Kind)
            {
                case BuildProgressBody.Cached:
                    step.Mark = "CACHED ";
                    break;
                case BuildProgressBody.Missed:
                    step.Mark = $"rebuilt: {body.Text} ";
                    break;
                case BuildProgressBody.Pulling:
                    step.Transfers[body.Id ?? ""] =
                        body.Total > 0
                            ? $"{body.Id} {body.Text} {Units.Size(body.Current, 4)} / {Units.Size(body.Total, 4)}"
                            : $"{body.Id} {body.Text}";
                    break;
                case BuildProgressBody.Output:
                    string[] lines = (body.Text ?? "").Split('\n');
                    step.Output[^1] += lines[0];
                    step.Output.AddRange(lines.Skip(1));
                    if (step.Output.Count > 100)
                        step.Output.RemoveRange(0, step.Output.Count - 2 * OutputLines);
                    break;
                case BuildProgressBody.Done:
                    step.Took = Seconds(step.Begun);
                    break;
                case BuildProgressBody.Failed:
                    step.Mark = body.Text == "canceled" ? "CANCELED " : "ERROR ";
                    step.Took = Seconds(step.Begun);
                    break;
            }
        }
    }

    protected override void End()
    {
        timer.Dispose();
        Draw();
        ended = true;
    }

    protected override void Finished(string image, IReadOnlyList<string> tags)
    {
        Write($" => image {image}\n");
        foreach (string tag in tags)
            Write($" => named {Oci.Names.Reference.Parse(tag).WithDefaultTag().Familiar}\n");
    }

    void Draw()
    {
        lock (gate)
        {
            if (ended)
                return;
            int columns = Math.Max(40, Termios.GetWindowSize(Stdio.Error.Number) is { Columns: > 0 } size ? size.Columns : 80);
            var text = new StringBuilder();
            if (drawn > 0)
                text.Append($"\e[{drawn}A");
            text.Append("\e[J");
            // What is over is printed once, above; only the rest is drawn anew. Steps end in any order.
            while (printed < steps.Count && steps[printed].Took is not null)
                text.Append(Line(steps[printed++], columns)).Append('\n');
            drawn = 0;
            foreach (var step in steps.Skip(printed))
            {
                Add(Line(step, columns));
                if (step.Took is not null)
                    continue;
                foreach (string transfer in step.Transfers.Values.TakeLast(OutputLines))
                    Add(Cut(" => => " + transfer, columns));
                foreach (string line in step.Output.Where(l => l.Length > 0).TakeLast(OutputLines))
                    Add(Cut(" => => # " + Printable(line), columns));
            }
            if (printed < steps.Count)
                Add($"[+] Building {Seconds(begun)}");
            Write(text.ToString());

            void Add(string line)
            {
                text.Append(line).Append('\n');
                drawn++;
            }
        }
    }

    static string Line(Step step, int columns)
    {
        string time = step.Took ?? Seconds(step.Begun);
        string title = Cut($" => {step.Mark}{step.Title}", columns - time.Length - 1);
        return title.PadRight(columns - time.Length - 1) + time;
    }

    /// <summary>A step's output must not move the cursor.</summary>
    static string Printable(string line) => string.Concat(line.Select(c => char.IsControl(c) ? ' ' : c));

    static string Cut(string text, int columns) => text.Length <= columns ? text : text[..Math.Max(0, columns - 3)] + "...";

    static void Write(string text) => Stdio.Error.Write(Encoding.UTF8.GetBytes(text));
}
