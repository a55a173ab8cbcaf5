// Runs a program to its end and keeps what it said.
using System.Diagnostics;
using System.Text;

namespace Skiff.SystemTests.Harness;

/// <summary>The end of a program: its exit code and both of its outputs.</summary>
public sealed record Result(int ExitCode, string Output, string Errors)
{
    /// <summary>Throws, with everything it said, unless it ended with the code.</summary>
    public Result Expect(int exitCode = 0) =>
        ExitCode == exitCode
            ? this
            : throw new InvalidOperationException(
                $"exit code {ExitCode}, not {exitCode}\n--- stdout\n{Output}\n--- stderr\n{Errors}"
            );

    /// <summary>The output without its last newline.</summary>
    public string Text => Output.TrimEnd('\n');
}

public static class Command
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static Result Run(string program, params string[] arguments) => Run(program, arguments, input: null, null);

    public static Result Run(
        string program,
        IEnumerable<string> arguments,
        byte[]? input,
        IReadOnlyDictionary<string, string>? environment
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
            start.Environment[key] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var fed = Task.Run(() =>
        {
            try
            {
                if (input is not null)
                    process.StandardInput.BaseStream.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading all of it.
            }
        });
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end in {Patience}");
        }
        Task.WaitAll(output, errors, fed);
        return new Result(process.ExitCode, output.Result, errors.Result);
    }
}
