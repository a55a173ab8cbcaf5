// The unit that a container is for systemd: its names, its start around a process, its limits, its end.
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Systemd;

/// <summary>
/// A scope below a slice; systemd makes the cgroup, whose inside is ours (Delegate). What systemd knows it does not undo
/// when it looks over its units again, so it is told the limits that it has words for: systemd.resource-control(5).
/// </summary>
/// <param name="Slice">"system.slice"</param>
/// <param name="Unit">"skiff-ID.scope"</param>
internal sealed record SystemdScope(string Slice, string Unit)
{
    const string UnitExists = "org.freedesktop.systemd1.UnitExists";
    const string NoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
    const int LongestUnit = 255; // UNIT_NAME_MAX

    /// <summary>Where systemd puts it: "a-b.slice" is in "a.slice".</summary>
    public string CgroupPath
    {
        get
        {
            var path = new List<string>();
            string[] words = Slice == "-.slice" ? [] : Slice[..^".slice".Length].Split('-');
            for (int i = 1; i <= words.Length; i++)
                path.Add(string.Join('-', words[..i]) + ".slice");
            return "/" + string.Join('/', [.. path, Unit]);
        }
    }

    /// <summary>linux.cgroupsPath in the form "slice:prefix:name", as runc has it; null if it is a path.</summary>
    /// <exception cref="LaunchException">it has colons, but not so</exception>
    public static SystemdScope? Parse(string? cgroupsPath)
    {
        if (cgroupsPath?.Contains(':', StringComparison.Ordinal) != true)
            return null;
        string[] parts = cgroupsPath.Split(':');
        if (parts is not [var slice, var prefix, { Length: > 0 } name])
            throw Invalid($"linux.cgroupsPath {cgroupsPath} is not of the form slice:prefix:name");
        if (slice.Length == 0)
            slice = "system.slice";
        string bare = slice.EndsWith(".slice", StringComparison.Ordinal) ? slice[..^".slice".Length] : "";
        if (bare != "-" && (bare.Split('-').Contains("") || !bare.All(IsOfName)))
            throw Invalid($"{slice} is no name of a slice of systemd");
        string unit = (prefix.Length > 0 ? $"{prefix}-{name}" : name) + ".scope";
        if (unit.Length > LongestUnit || !unit.All(IsOfName))
            throw Invalid($"{unit} is no name of a unit of systemd");
        return new SystemdScope(slice, unit);
    }

    /// <summary>Makes the unit around a process; returns when the process is in its cgroup.</summary>
    /// <exception cref="LaunchException">systemd is not there, or refuses</exception>
    public void Start(int pid, LinuxResources? limits) =>
        Told(bus =>
        {
            string job;
            try
            {
                job = Ask(bus, pid, limits);
            }
            catch (BusException e) when (e.Name == UnitExists)
            {
                // What is left of a container of that name that has failed.
                bus.Call("ResetFailedUnit", "s", new BusWriter().String(Unit));
                job = Ask(bus, pid, limits);
            }
            string result = bus.AwaitJob(job);
            if (result != "done")
                throw new LaunchException(FailureKind.Other, $"systemd cannot start {Unit}: {result}");
        });

    /// <summary>Tells other limits.</summary>
    public void Update(LinuxResources limits) =>
        Told(bus =>
            bus.Call(
                "SetUnitProperties",
                "sba(sv)",
                new BusWriter().String(Unit).Boolean(true).Array(8, all => ScopeProperties.Limits(all, limits))
            )
        );

    /// <summary>Ends the unit, with all that is in it. Idempotent; no error where systemd has forgotten it or is not there.</summary>
    public void Stop()
    {
        if (!SystemdBus.IsThere)
            return;
        Told(bus =>
        {
            try
            {
                bus.AwaitJob(bus.Call("StopUnit", "ss", new BusWriter().String(Unit).String("replace")));
                bus.Call("ResetFailedUnit", "s", new BusWriter().String(Unit));
            }
            catch (BusException e) when (e.Name == NoSuchUnit)
            {
                // It ended with its last process.
            }
        });
    }

    string Ask(SystemdBus bus, int pid, LinuxResources? limits) =>
        bus.Call(
            "StartTransientUnit",
            "ssa(sv)a(sa(sv))",
            new BusWriter()
                .String(Unit)
                .String("replace")
                .Array(8, all => ScopeProperties.Of(all, $"container {Unit[..^".scope".Length]}", Slice, pid, limits))
                .Array(8, _ => { })
        );

    static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '@' or '\\';

    static LaunchException Invalid(string why) => new(FailureKind.Other, $"invalid config.json: {why}");

    static void Told(Action<SystemdBus> work)
    {
        try
        {
            using SystemdBus bus = SystemdBus.Connect();
            work(bus);
        }
        catch (BusException e)
        {
            throw new LaunchException(FailureKind.Other, $"systemd refuses: {e.Message}", e);
        }
        catch (InvalidDataException e)
        {
            throw new LaunchException(FailureKind.Other, e.Message, e);
        }
    }
}
