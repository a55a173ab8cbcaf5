// Names and numbers of resource limits. getrlimit(2).
namespace Skiff.Linux.Processes;

public static class Rlimits
{
    // In the order of their numbers, which x86-64 and arm64 share.
    static readonly string[] Names =
    [
        "RLIMIT_CPU",
        "RLIMIT_FSIZE",
        "RLIMIT_DATA",
        "RLIMIT_STACK",
        "RLIMIT_CORE",
        "RLIMIT_RSS",
        "RLIMIT_NPROC",
        "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK",
        "RLIMIT_AS",
        "RLIMIT_LOCKS",
        "RLIMIT_SIGPENDING",
        "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE",
        "RLIMIT_RTPRIO",
        "RLIMIT_RTTIME",
    ];

    /// <summary>The number of "RLIMIT_NOFILE"; null if there is no such limit.</summary>
    public static int? TryParse(string name)
    {
        int index = Array.IndexOf(Names, name);
        return index < 0 ? null : index;
    }
}
