// What happens in a build as the lines that scripts and docker-py parse.
using System.Text;
using Skiff.Engine.Build;

namespace Skiff.Daemon.Docker;

/// <summary>
/// Steps in the order of the Dockerfile, although stages run side by side: what comes early waits for its turn.
/// </summary>
internal sealed class ClassicOutput(Action<string> write)
{
    readonly SortedDictionary<int, StringBuilder> waiting = [];
    readonly HashSet<int> done = [];
    readonly Dictionary<(int, bool), Decoder> decoders = [];
    int next = 1;

    /// <summary>Never called at the same time from two threads.</summary>
    internal void Report(BuildEvent happened)
    {
        int step = Math.Max(1, happened.Vertex.Ordinal);
        string text = TextOf(happened);
        if (text.Length > 0)
            if (step <= next)
                write(text);
            else
            {
                if (!waiting.TryGetValue(step, out var buffer))
                    waiting[step] = buffer = new StringBuilder();
                buffer.Append(text);
            }
        if (happened is not (BuildEvent.Done or BuildEvent.Failed) || happened.Vertex.IsTrigger)
            return;
        done.Add(step);
        while (done.Contains(next))
        {
            next++;
            if (waiting.Remove(next, out var buffer))
                write(buffer.ToString());
        }
    }

    /// <summary>Lines after all steps.</summary>
    internal void Write(string text) => write(text);

    /// <summary>What still waits, as it is when a build fails.</summary>
    internal void Flush()
    {
        foreach (var buffer in waiting.Values)
            write(buffer.ToString());
        waiting.Clear();
    }

    string TextOf(BuildEvent happened) =>
        happened switch
        {
            BuildEvent.Started { Vertex: { IsTrigger: true } trigger } => $"# Executing build trigger: {trigger.Text}\n",
            BuildEvent.Started started => $"Step {started.Vertex.Ordinal}/{started.Vertex.Ordinals} : {started.Vertex.Text}\n",
            BuildEvent.Cached { Vertex.Text: var text } => text.StartsWith("FROM", StringComparison.Ordinal)
                ? ""
                : " ---> Using cache\n",
            BuildEvent.Missed missed => $"# rebuilt: {missed.Reason}\n",
            BuildEvent.Running running => $" ---> Running in {running.Id[..12]}\n",
            BuildEvent.Output output => Decode(decoders, (output.Vertex.Id, output.IsError), output.Bytes.Span),
            BuildEvent.Ended ended => $" ---> Removed intermediate container {ended.Id[..12]}\n",
            BuildEvent.Done { Image.IsEmpty: true } => "",
            BuildEvent.Done done => $" ---> {done.Image.Hex[..12]}\n",
            _ => "",
        };

    /// <summary>A character may come in two pieces.</summary>
    internal static string Decode(Dictionary<(int, bool), Decoder> decoders, (int, bool) key, ReadOnlySpan<byte> bytes)
    {
        if (!decoders.TryGetValue(key, out var decoder))
            decoders[key] = decoder = Encoding.UTF8.GetDecoder();
        char[] characters = new char[decoder.GetCharCount(bytes, flush: false)];
        int count = decoder.GetChars(bytes, characters, flush: false);
        return new string(characters, 0, count);
    }
}
