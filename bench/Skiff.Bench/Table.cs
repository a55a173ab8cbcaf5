// Medians of every engine, and how they stand to the first one.
namespace Skiff.Bench;

public sealed class Table(IReadOnlyList<Engine> engines)
{
    readonly List<(string Name, Dictionary<string, List<Sample>> Samples)> rows = [];

    public void Add(string name, Dictionary<string, List<Sample>> samples) => rows.Add((name, samples));

    public void Print()
    {
        string first = engines[0].Name;
        Console.WriteLine($"{"measurement", -40} {"engine", -12} {"median ms", 10} {"min ms", 10} {"CPU ms", 10}   {first} is");
        foreach (var (name, samples) in rows)
        {
            double wall = Median(samples[first].Select(s => s.Wall));
            double cpu = samples[first].Average(s => s.Cpu);
            foreach (var engine in engines)
            {
                var mine = samples[engine.Name];
                double median = Median(mine.Select(s => s.Wall));
                double busy = mine.Average(s => s.Cpu);
                string ratio = engine.Name == first ? "" : $"1/{median / wall:0.0} of its time, 1/{busy / cpu:0.0} of its CPU";
                Console.WriteLine(
                    $"{name, -40} {engine.Name, -12} {median, 10:0.0} {mine.Min(s => s.Wall), 10:0.0} {busy, 10:0.0}   {ratio}"
                );
            }
        }
    }

    static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
