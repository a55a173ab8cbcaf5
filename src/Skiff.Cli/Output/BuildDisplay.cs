// The progress of a build: what ran, what was there already, why a step was done anew, and where it failed.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Skiff.Cli.Commands;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Output;

/// <summary>Told of what happens, event by event. Writes to standard error, as the result goes to standard output.</summary>
internal abstract class BuildDisplay
{
    const int LastLines = 10;
    const int Around = 3;

    readonly Dictionary<int, List<string>> outputs = [];
    readonly List<BuildProgressBody> warnings = [];
    BuildProgressBody? failed;
    int failedStep;

    protected (string Name, string[] Lines) Dockerfile { get; private set; }

    /// <summary>The id, when it is finished.</summary>
    public string? Image { get; private set; }
    public bool IsFinished { get; private set; }
    public IReadOnlyList<BuildProgressBody> Warnings => warnings;

    /// <summary>Why it failed.</summary>
    public string? Failure { get; set; }

    /// <param name="mode">auto, plain, tty, quiet, rawjson</param>
    /// <param name="dockerfile">for pointing at a line</param>
    public static BuildDisplay Of(string mode, (string Name, string[] Lines) dockerfile)
    {
        BuildDisplay display = mode switch
        {
            "quiet" => new QuietBuildDisplay(),
            "rawjson" => new RawBuildDisplay(),
            "tty" => new TerminalBuildDisplay(),
            "auto" when Stdio.Error.IsTerminal => new TerminalBuildDisplay(),
            _ => new PlainBuildDisplay(),
        };
        display.Dockerfile = dockerfile;
        return display;
    }

    public void Show(BuildProgressBody body, ReadOnlyMemory<byte> json)
    {
        switch (body.Kind)
        {
            case BuildProgressBody.Finished:
                Image = body.Image;
                IsFinished = true;
                if (body.Text is { } warning)
                    CliContext.Warn(warning);
                break;
            case BuildProgressBody.Warning:
                warnings.Add(body);
                break;
            case BuildProgressBody.Failed when body.Step is null:
                Failure = body.Text;
                failed = body;
                break;
            case BuildProgressBody.Failed when body.Text != "canceled":
                failedStep = body.Step!.Id;
                break;
            case BuildProgressBody.Output:
                if (!outputs.TryGetValue(body.Step!.Id, out var lines))
                    outputs[body.Step.Id] = lines = [""];
                Remember(lines, body.Text ?? "");
                break;
        }
        On(body, json);
    }

    protected abstract void On(BuildProgressBody body, ReadOnlyMemory<byte> json);

    /// <summary>Nothing comes any more.</summary>
    protected virtual void End() { }

    public void Finish(IReadOnlyList<string> tags)
    {
        End();
        Finished(Image!, tags);
        if (warnings.Count > 0 && this is not QuietBuildDisplay)
            CliContext.Warn(
                $"\n {warnings.Count} {(warnings.Count == 1 ? "warning" : "warnings")} found (build with --check to see where):\n"
                    + string.Join('\n', warnings.Select(w => $" - {w.Id}: {w.Text} (line {w.Line})"))
            );
    }

    /// <summary>What --check found; returns the exit code.</summary>
    public int Checked()
    {
        End();
        var text = new StringBuilder();
        foreach (var warning in warnings)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nWARNING: {warning.Id}\n{warning.Text}\n");
            Point(text, warning.Line);
        }
        text.Insert(
            0,
            warnings.Count switch
            {
                0 => "Check complete, no warnings found.\n",
                1 => "Check complete, 1 warning has been found!\n",
                _ => $"Check complete, {warnings.Count} warnings have been found!\n",
            }
        );
        CliContext.Print(text.ToString());
        return warnings.Count == 0 ? 0 : 1;
    }

    protected virtual void Finished(string image, IReadOnlyList<string> tags) { }

    /// <summary>Says what failed and where; returns the exit code.</summary>
    public int Fail()
    {
        End();
        var text = new StringBuilder();
        if (outputs.TryGetValue(failedStep, out var lines) && lines.Count > 0)
        {
            text.Append("------\n > the last lines of the step:\n");
            foreach (string line in lines.TakeLast(LastLines).Where(l => l.Length > 0))
                text.Append(line).Append('\n');
            text.Append("------\n");
        }
        if (failed is { Line: > 0 } where && where.Line <= Dockerfile.Lines.Length)
            Point(text, where.Line);
        text.Append(
            CultureInfo.InvariantCulture,
            $"ERROR: failed to build: failed to solve: {Failure ?? "the engine ended the build"}\n"
        );
        if (failed?.Image is { } before)
            text.Append(
                CultureInfo.InvariantCulture,
                $"The state before this step is an image. Look into it: skiff run --rm -it {before["sha256:".Length..][..12]} sh\n"
            );
        Stdio.Error.Write(Encoding.UTF8.GetBytes(text.ToString()));
        return 1;
    }

    void Point(StringBuilder text, int line)
    {
        text.Append(CultureInfo.InvariantCulture, $"{Dockerfile.Name}:{line}\n--------------------\n");
        for (int i = Math.Max(1, line - Around); i <= Math.Min(Dockerfile.Lines.Length, line + Around); i++)
            if (i < Dockerfile.Lines.Length || Dockerfile.Lines[i - 1].Length > 0)
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{i, 4} | {(i == line ? ">>>" : "   ")} {Dockerfile.Lines[i - 1].TrimEnd('\r')}\n"
                );
        text.Append("--------------------\n");
    }

    static void Remember(List<string> lines, string text)
    {
        string[] parts = text.Split('\n');
        lines[^1] += parts[0];
        lines.AddRange(parts.Skip(1));
        if (lines.Count > 4 * LastLines)
            lines.RemoveRange(0, lines.Count - 2 * LastLines);
    }

    /// <summary>"[build 2/3] RUN make"; instructions that make no layer are not shown.</summary>
    protected static string? Title(BuildStepBody step)
    {
        if (step.Number == 0)
            return null;
        string stage = step.Stage.Length > 0 ? step.Stage + " " : "";
        string number = step.Count > 1 || step.Stage.Length > 0 ? $"{step.Number}/{step.Count}" : "1/1";
        return $"[{stage}{number}] {step.Text}";
    }

    protected static string Seconds(long since) =>
        Stopwatch.GetElapsedTime(since).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + "s";
}

/// <summary>Nothing but failures.</summary>
internal sealed class QuietBuildDisplay : BuildDisplay
{
    protected override void On(BuildProgressBody body, ReadOnlyMemory<byte> json) { }
}

/// <summary>The events as they come, one a line.</summary>
internal sealed class RawBuildDisplay : BuildDisplay
{
    protected override void On(BuildProgressBody body, ReadOnlyMemory<byte> json)
    {
        byte[] text = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body, DockerJson.Wire.BuildProgressBody);
        Stdio.Error.Write([.. text, (byte)'\n']);
    }
}
