// All commands by name: short names ("ps") and the full ones under their noun ("container ls").
namespace Skiff.Cli.Commands;

/// <param name="Group">"container", or "" for a command that has no noun</param>
/// <param name="Name">within the group</param>
/// <param name="Top">the short name, or null</param>
/// <param name="Aliases">further names within the group</param>
internal sealed record CommandEntry(string Group, string Name, string? Top, Func<Command> Make, string[] Aliases)
{
    /// <summary>"container ls".</summary>
    public string FullName => Group.Length == 0 ? Name : $"{Group} {Name}";
}

internal static class CommandTree
{
    /// <summary>Nouns and what is done with them.</summary>
    public static readonly (string Name, string Summary)[] Groups =
    [
        ("builder", "Manage what builds left"),
        ("container", "Manage containers"),
        ("context", "Manage names for engines"),
        ("image", "Manage images"),
        ("network", "Manage networks"),
        ("system", "Manage the engine"),
        ("volume", "Manage volumes"),
    ];

    /// <summary>Shown first in help.</summary>
    public static readonly string[] Common =
    [
        "run",
        "exec",
        "ps",
        "build",
        "pull",
        "push",
        "images",
        "login",
        "logout",
        "version",
        "info",
    ];

    public static readonly CommandEntry[] All =
    [
        new("container", "run", "run", () => new RunCommand(), []),
        new("container", "create", "create", () => new CreateCommand(), []),
        new("container", "start", "start", () => new StartCommand(), []),
        new("container", "stop", "stop", () => new StopCommand(), []),
        new("container", "restart", "restart", () => new RestartCommand(), []),
        new("container", "kill", "kill", () => new KillCommand(), []),
        new("container", "rm", "rm", () => new RmCommand(), ["remove"]),
        new("container", "ls", "ps", () => new PsCommand(), ["list", "ps"]),
        new("container", "logs", "logs", () => new LogsCommand(), []),
        new("container", "attach", "attach", () => new AttachCommand(), []),
        new("container", "exec", "exec", () => new ExecCommand(), []),
        new("container", "wait", "wait", () => new WaitCommand(), []),
        new("container", "inspect", null, () => new InspectCommand("container"), []),
        new("container", "pause", "pause", () => new PauseCommand(), []),
        new("container", "unpause", "unpause", () => new UnpauseCommand(), []),
        new("container", "rename", "rename", () => new RenameCommand(), []),
        new("container", "prune", null, () => new PruneCommand("container"), []),
        new("container", "update", "update", () => new UpdateCommand(), []),
        new("container", "stats", "stats", () => new StatsCommand(), []),
        new("container", "top", "top", () => new TopCommand(), []),
        new("container", "cp", "cp", () => new CpCommand(), []),
        new("container", "diff", "diff", () => new DiffCommand(), []),
        new("container", "commit", "commit", () => new CommitCommand(), []),
        new("container", "export", "export", () => new ExportCommand(), []),
        new("container", "port", "port", () => new PortCommand(), []),
        new("image", "ls", "images", () => new ImagesCommand(), ["list"]),
        new("image", "build", "build", () => new BuildCommand(), []),
        new("builder", "build", null, () => new BuildCommand(), []),
        new("builder", "prune", null, () => new BuilderPruneCommand(), []),
        new("image", "pull", "pull", () => new PullCommand(), []),
        new("image", "push", "push", () => new PushCommand(), []),
        new("image", "load", "load", () => new LoadCommand(), []),
        new("image", "save", "save", () => new SaveCommand(), []),
        new("image", "import", "import", () => new ImportCommand(), []),
        new("image", "tag", "tag", () => new TagCommand(), []),
        new("image", "rm", "rmi", () => new RmiCommand(), ["remove"]),
        new("image", "history", "history", () => new HistoryCommand(), []),
        new("image", "prune", null, () => new PruneCommand("image"), []),
        new("image", "inspect", null, () => new InspectCommand("image"), []),
        new("network", "ls", null, () => new NetworkLsCommand(), ["list"]),
        new("network", "create", null, () => new NetworkCreateCommand(), []),
        new("network", "rm", null, () => new NetworkRmCommand(), ["remove"]),
        new("network", "connect", null, () => new NetworkConnectCommand(), []),
        new("network", "disconnect", null, () => new NetworkDisconnectCommand(), []),
        new("network", "prune", null, () => new PruneCommand("network"), []),
        new("network", "inspect", null, () => new InspectCommand("network"), []),
        new("volume", "ls", null, () => new VolumeLsCommand(), ["list"]),
        new("volume", "create", null, () => new VolumeCreateCommand(), []),
        new("volume", "rm", null, () => new VolumeRmCommand(), ["remove"]),
        new("volume", "prune", null, () => new PruneCommand("volume"), []),
        new("volume", "inspect", null, () => new InspectCommand("volume"), []),
        new("system", "check", null, () => new SystemCheckCommand(), []),
        new("system", "df", null, () => new SystemDfCommand(), []),
        new("system", "dial-stdio", null, () => new DialStdioCommand(), []),
        new("system", "prune", null, () => new SystemPruneCommand(), []),
        new("system", "info", "info", () => new InfoCommand(), []),
        new("system", "events", "events", () => new EventsCommand(), []),
        new("context", "create", null, () => new ContextCreateCommand(), []),
        new("context", "export", null, () => new ContextExportCommand(), []),
        new("context", "import", null, () => new ContextImportCommand(), []),
        new("context", "inspect", null, () => new ContextInspectCommand(), []),
        new("context", "ls", null, () => new ContextLsCommand(), ["list"]),
        new("context", "rm", null, () => new ContextRmCommand(), ["remove"]),
        new("context", "show", null, () => new ContextShowCommand(), []),
        new("context", "update", null, () => new ContextUpdateCommand(), []),
        new("context", "use", null, () => new ContextUseCommand(), []),
        new("", "version", "version", () => new VersionCommand(), []),
        new("", "inspect", "inspect", () => new InspectCommand(""), []),
        new("", "login", "login", () => new LoginCommand(), []),
        new("", "logout", "logout", () => new LogoutCommand(), []),
        new("", "completion", "completion", () => new CompletionCommand(), []),
    ];

    public static bool IsGroup(string name) => Array.Exists(Groups, g => g.Name == name);

    /// <summary>By short name (group null) or within a group.</summary>
    public static CommandEntry? Find(string? group, string name)
    {
        foreach (var entry in All)
            if (
                group is null
                    ? entry.Top == name
                    : entry.Group == group && (entry.Name == name || Array.IndexOf(entry.Aliases, name) >= 0)
            )
                return entry;
        return null;
    }
}
