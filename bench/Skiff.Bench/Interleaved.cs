// Runs a measurement on all engines in turn, round by round, so that drift of the machine hits all alike.
using System.Diagnostics;

namespace Skiff.Bench;

/// <summary>Milliseconds of one run: wall time, and processor time of the whole machine in it.</summary>
public readonly record struct Sample(double Wall, double Cpu);

public static class Interleaved
{
    const int WarmUps = 2;

    public static Dictionary<string, List<Sample>> Run(Measurement measurement, BenchOptions options)
    {
        var samples = options.Engines.ToDictionary(e => e.Name, _ => new List<Sample>());
        foreach (var engine in options.Engines)
            if (measurement.Setup is not null)
                Timed(engine, measurement.Setup, mustSucceed: true);
        for (int round = -WarmUps; round < options.Runs; round++)
        {
            if (!Console.IsErrorRedirected)
                Console.Error.Write($"\r{measurement.Name}: {Math.Max(0, round + 1)}/{options.Runs}   ");
            foreach (var engine in options.Engines)
            {
                if (measurement.Before is not null)
                    Timed(engine, measurement.Before, mustSucceed: false);
                var sample = Timed(engine, measurement.Command, mustSucceed: true);
                if (round >= 0)
                    samples[engine.Name].Add(sample);
            }
        }
        if (!Console.IsErrorRedirected)
            Console.Error.Write("\r\e[K");
        foreach (var engine in options.Engines)
            if (measurement.Teardown is not null)
                Timed(engine, measurement.Teardown, mustSucceed: false);
        return samples;
    }

    static Sample Timed(Engine engine, IReadOnlyList<string> words, bool mustSucceed)
    {
        var start = new ProcessStartInfo(engine.Words[0], [.. engine.Words.Skip(1), .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        double cpu = MachineCpu();
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        var wall = watch.Elapsed;
        cpu = MachineCpu() - cpu;
        output.Wait();
        if (mustSucceed && process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{engine.Name} {string.Join(' ', words)} ended with {process.ExitCode}: {errors}"
            );
        return new Sample(wall.TotalMilliseconds, cpu);
    }

    /// <summary>Milliseconds that all processors were busy since boot. A cgroup's counter if there is one: it counts nanoseconds.</summary>
    static double MachineCpu()
    {
        const string counter = "/sys/fs/cgroup/cpuacct/cpuacct.usage";
        if (File.Exists(counter))
            return double.Parse(File.ReadAllText(counter), System.Globalization.CultureInfo.InvariantCulture) / 1e6;
        string[] ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // user nice system idle iowait irq softirq steal: proc_stat(5), in hundredths of a second
        return ticks
                .Skip(1)
                .Take(7)
                .Where((_, i) => i is not (3 or 4))
                .Sum(t => double.Parse(t, System.Globalization.CultureInfo.InvariantCulture)) * 10;
    }
}
