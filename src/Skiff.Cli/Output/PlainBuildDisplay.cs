// A build as lines, for logs and pipes.
using System.Diagnostics;
using System.Text;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Output;

/// <summary>As BuildKit's plain progress: "#3 [build 2/3] RUN make", "#3 0.412 output", "#3 DONE 1.2s".</summary>
internal sealed class PlainBuildDisplay : BuildDisplay
{
    readonly Dictionary<int, long> begun = [];
    readonly Dictionary<int, string> unfinished = [];
    readonly HashSet<int> cached = [];

    protected override void On(BuildProgressBody body, ReadOnlyMemory<byte> json)
    {
        if (body.Step is not { } step || Title(step) is not { } title)
            return;
        switch (body.Kind)
        {
            case BuildProgressBody.Started:
                begun[step.Id] = Stopwatch.GetTimestamp();
                Write($"#{step.Id} {title}\n");
                break;
            case BuildProgressBody.Cached:
                cached.Add(step.Id);
                Write($"#{step.Id} CACHED\n\n");
                break;
            case BuildProgressBody.Missed:
                Write($"#{step.Id} rebuilt: {body.Text}\n");
                break;
            case BuildProgressBody.Pulling when body.Id is null:
                Write($"#{step.Id} {body.Text}\n");
                break;
            case BuildProgressBody.Output:
                Output(step.Id, body.Text ?? "");
                break;
            case BuildProgressBody.Done:
                Rest(step.Id);
                if (!cached.Contains(step.Id))
                    Write($"#{step.Id} DONE {Seconds(begun[step.Id])}\n\n");
                break;
            case BuildProgressBody.Failed:
                Rest(step.Id);
                Write(body.Text == "canceled" ? $"#{step.Id} CANCELED\n\n" : $"#{step.Id} ERROR: {body.Text}\n\n");
                break;
        }
    }

    protected override void Finished(string image, IReadOnlyList<string> tags)
    {
        Write($"writing image {image} done\n");
        foreach (string tag in tags)
            Write($"naming to {Oci.Names.Reference.Parse(tag).WithDefaultTag()} done\n");
    }

    void Output(int step, string text)
    {
        string[] lines = ((unfinished.GetValueOrDefault(step) ?? "") + text).Split('\n');
        unfinished[step] = lines[^1];
        string at = Seconds(begun[step]).TrimEnd('s');
        foreach (string line in lines.AsSpan(0, lines.Length - 1))
            Write($"#{step} {at} {line}\n");
    }

    void Rest(int step)
    {
        if (unfinished.Remove(step, out string? rest) && rest.Length > 0)
            Write($"#{step} {Seconds(begun[step]).TrimEnd('s')} {rest}\n");
    }

    static void Write(string text) => Stdio.Error.Write(Encoding.UTF8.GetBytes(text));
}
