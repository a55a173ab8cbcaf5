// What the user asks the benchmark for.
using System.Globalization;

namespace Skiff.Bench;

/// <summary>An engine under test: a name for the table and the words of its command line.</summary>
public sealed record Engine(string Name, IReadOnlyList<string> Words);

public sealed record BenchOptions(IReadOnlyList<Engine> Engines, int Runs, string Image, IReadOnlyList<string> Only)
{
    public bool Wants(string measurement) =>
        Only.Count == 0 || Only.Any(o => measurement.StartsWith(o, StringComparison.Ordinal));

    /// <summary>null after having said what is wrong.</summary>
    public static BenchOptions? Parse(string[] arguments)
    {
        var engines = new List<Engine>();
        int runs = 20;
        string image = "busybox";
        string[] only = [];
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--cli" when value.Split('=', 2) is [var name, var words]:
                    engines.Add(new Engine(name, words.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
                    break;
                case "--runs":
                    runs = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--image":
                    image = value;
                    break;
                case "--only":
                    only = value.Split(',');
                    break;
                default:
                    Console.Error.WriteLine($"skiff-bench: unknown option {arguments[i]} {value}");
                    return null;
            }
        }
        if (arguments.Length % 2 == 0 && engines.Count > 0)
            return new BenchOptions(engines, runs, image, only);
        Console.Error.WriteLine("usage: skiff-bench --cli NAME=COMMAND ... [--runs N] [--image IMAGE] [--only a,b]");
        return null;
    }
}
