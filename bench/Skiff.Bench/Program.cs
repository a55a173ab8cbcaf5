// Measures container engines side by side: the same commands, interleaved, as medians and as ratios to the first peer.
//
//   skiff-bench --cli skiff=artifacts/bin/skiff --cli docker=docker [--runs 20] [--image NAME] [--only run,exec]
using Skiff.Bench;

var options = BenchOptions.Parse(args);
if (options is null)
    return 2;

var table = new Table(options.Engines);
foreach (var measurement in Measurements.All(options).Where(m => options.Wants(m.Name)))
    table.Add(measurement.Name, Interleaved.Run(measurement, options));
table.Print();
return 0;
