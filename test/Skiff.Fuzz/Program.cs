// skiff-fuzz [SECONDS] [TARGET...]: feeds mutated inputs to the parsers of hostile data; ends with 1 at the first finding.
using System.Diagnostics;
using Skiff.Fuzz;

const int MaxCorpus = 4096;
var slow = TimeSpan.FromSeconds(5);

int seconds = args.Length > 0 ? int.Parse(args[0]) : 10;
var targets = Target.All.Where(t => args.Length < 2 || args.Skip(1).Contains(t.Name)).ToList();
int seed = Environment.TickCount;
Console.WriteLine($"{targets.Count} targets, {seconds} s, seed {seed}");
foreach (var target in targets)
{
    var random = new Random(seed);
    var mutator = new Mutator(random, target.Words);
    var corpus = new List<byte[]>(target.Seeds);
    long runs = 0;
    var share = TimeSpan.FromSeconds((double)seconds / targets.Count);
    for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < share; runs++)
    {
        byte[] input = mutator.Mutate(corpus[random.Next(corpus.Count)], corpus[random.Next(corpus.Count)]);
        if (random.Next(8) != 0)
            target.Repair?.Invoke(input);
        var before = Environment.CpuUsage.TotalTime;
        try
        {
            target.Run(input);
            var taken = Environment.CpuUsage.TotalTime - before;
            if (taken > slow)
                throw new TimeoutException($"took {taken} of processor time");
        }
        catch (Exception finding)
        {
            string file = Path.Combine(Path.GetTempPath(), $"skiff-fuzz-{target.Name}-{seed}");
            File.WriteAllBytes(file, input);
            Console.WriteLine($"{target.Name}: finding after {runs} inputs, kept in {file}\n{finding}");
            return 1;
        }
        // Inputs drift away from their seeds, but not for ever.
        if (random.Next(64) == 0)
        {
            if (corpus.Count < MaxCorpus)
                corpus.Add(input);
            else
                corpus[random.Next(target.Seeds.Count, corpus.Count)] = input;
        }
    }
    Console.WriteLine($"{target.Name}: {runs} inputs");
}
return 0;
