// skiff-runtime ps: the processes of a container.
using System.Globalization;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>ps [--format table|json] ID [PS OPTIONS]: the pids as the host sees them, or the lines of ps(1) about them.</summary>
internal static class PsCommand
{
    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        var arguments = Arguments.Parse("ps", given, ["format|f"], [], endAtOperand: true);
        if (arguments.Operands.Count == 0)
            throw new UsageException("ps: container id cannot be empty");
        using LiveState state = LiveState.Load(store, arguments.Operands[0]);
        var pids = new SortedSet<int>(state.Container.Cgroup.Processes());
        return arguments.Value("format") switch
        {
            "json" => Program.Print($"[{string.Join(',', pids)}]\n"),
            null or "table" => Table(pids, [.. arguments.Operands.Skip(1)]),
            string other => throw new UsageException($"ps: invalid format option {other}"),
        };
    }

    static int Table(SortedSet<int> pids, string[] options)
    {
        string[] lines = Output(["ps", .. options.Length == 0 ? ["-ef"] : options]).Split('\n');
        int column = Array.IndexOf(Words(lines[0]), "PID");
        if (column < 0)
            throw new LaunchException(FailureKind.Other, "couldn't find PID field in ps output");
        var text = new StringBuilder().Append(lines[0]).Append('\n');
        foreach (string line in lines.AsSpan(1))
        {
            string[] words = Words(line);
            if (
                words.Length > column
                && int.TryParse(words[column], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && pids.Contains(pid)
            )
                text.Append(line).Append('\n');
        }
        return Program.Print(text.ToString());
    }

    static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    static string Output(IReadOnlyList<string> command)
    {
        string[] places = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':');
        string program =
            places.Select(p => Path.Combine(p, command[0])).FirstOrDefault(File.Exists)
            ?? throw new LaunchException(FailureKind.Other, $"{command[0]} is not installed");
        (Fd read, Fd write) = FdIo.Pipe();
        using (read)
        {
            SpawnedProcess child;
            using (write)
            {
                using Fd nothing = FdIo.OpenReadWrite("/dev/null");
                child = ProcessSpawner.Start(
                    new SpawnRequest
                    {
                        Path = program,
                        Arguments = command,
                        Environment = ["PATH=/usr/bin:/bin"],
                        Descriptors = [nothing, write, nothing],
                    }
                );
            }
            using Fd pidfd = child.Pidfd;
            var output = new MemoryStream();
            byte[] buffer = new byte[4096];
            while (FdIo.TryRead(read, buffer, out _) is var count and > 0)
                output.Write(buffer, 0, count);
            if (Pidfd.Reap(pidfd) is { ShellCode: not 0 } status)
                throw new LaunchException(FailureKind.Other, $"{string.Join(' ', command)}: exit status {status.ShellCode}");
            return Encoding.UTF8.GetString(output.ToArray());
        }
    }
}
