// What `top` shows with options of its own: the host's ps(1), of which only the container's processes are kept.
using System.Globalization;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;

namespace Skiff.Engine.Containers;

internal static class HostPs
{
    const int MostBytes = 16 << 20;
    static readonly string[] Places = ["/usr/bin/ps", "/bin/ps"];

    /// <param name="options">as the user gave them, "-o pid,comm"; they must make ps show a column PID</param>
    /// <exception cref="EngineException">NotImplemented: the host has no ps; InvalidParameter: ps refuses; System</exception>
    internal static (IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Rows) Run(
        string options,
        IEnumerable<int> pids
    )
    {
        string ps =
            Array.Find(Places, File.Exists)
            ?? throw EngineException.NotImplemented("top with options needs ps, which this host does not have (package procps)");
        var wanted = pids.ToHashSet();
        string[] words = options.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (code, output, errors) = Run(ps, [.. words, "-q" + string.Join(',', wanted)]);
        // Some options (f) cannot stand beside -q: all processes then.
        if (code != 0)
            (code, output, errors) = Run(ps, words);
        if (code != 0)
            throw new EngineException(
                ErrorKind.System,
                errors.Split('\n')[0].Trim() is { Length: > 0 } line ? $"ps: {line}" : $"ps: exit status {code}"
            );
        return Parse(output, wanted);
    }

    internal static (IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Rows) Parse(
        string output,
        IReadOnlySet<int> wanted
    )
    {
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] titles = lines.Length > 0 ? Words(lines[0]) : [];
        int column = Array.IndexOf(titles, "PID");
        if (column < 0)
            throw new EngineException(ErrorKind.System, "Couldn't find PID field in ps output");
        var rows = new List<IReadOnlyList<string>>();
        bool previous = false;
        foreach (string line in lines.Skip(1))
        {
            string[] words = Words(line);
            if (words.Length <= column)
                continue;
            // With threads shown (-m), "-" lines belong to the process above them.
            bool keep =
                words[column] == "-"
                    ? previous
                    : int.TryParse(words[column], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                        && wanted.Contains(pid);
            previous = keep;
            if (!keep)
                continue;
            rows.Add(
                words.Length <= titles.Length
                    ? words
                    : [.. words.Take(titles.Length - 1), string.Join(' ', words.Skip(titles.Length - 1))]
            );
        }
        return (titles, rows);
    }

    static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    static (int Code, string Output, string Errors) Run(string program, IReadOnlyList<string> arguments)
    {
        using Fd nothing = FdIo.OpenReadWrite("/dev/null");
        var (outRead, outWrite) = FdIo.Pipe();
        var (errorRead, errorWrite) = FdIo.Pipe();
        using (outRead)
        using (errorRead)
        {
            SpawnedProcess process;
            using (outWrite)
            using (errorWrite)
                process = ProcessSpawner.Start(
                    new SpawnRequest
                    {
                        Path = program,
                        Arguments = ["ps", .. arguments],
                        Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"],
                        Descriptors = [nothing, outWrite, errorWrite],
                    }
                );
            using (process.Pidfd)
            {
                // A page of complaints fits into the pipe: nothing is held up by reading it last.
                string output = ReadAll(outRead);
                string errors = ReadAll(errorRead);
                return (Pidfd.Reap(process.Pidfd).ShellCode, output, errors);
            }
        }
    }

    static string ReadAll(Fd pipe)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[16 << 10];
        int count;
        while ((count = FdIo.TryRead(pipe, buffer, out _)) > 0)
            if (all.Length < MostBytes)
                all.Write(buffer, 0, count);
        return Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }
}
