// The process that exec shall make: from a file, or the container's own with what the flags change.
using System.Globalization;
using System.Text.Json;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

internal static class ExecProcess
{
    /// <exception cref="LaunchException">the file is missing or no process</exception>
    /// <exception cref="UsageException">a flag has a value that is none</exception>
    public static SpecProcess Of(Arguments arguments, SpecProcess init)
    {
        if (arguments.Value("process") is { Length: > 0 } file)
            return Read(file);
        string[] command = [.. arguments.Operands.Skip(1)];
        if (command.Length == 0)
            throw new UsageException("exec: process args cannot be empty");
        SpecProcess process = init with { Args = command, Terminal = arguments.Has("tty") };
        if (arguments.All("env") is { Count: > 0 } more)
            process = process with { Env = [.. process.Env ?? [], .. more] };
        if (arguments.Value("cwd") is { Length: > 0 } cwd)
            process = process with { Cwd = cwd };
        if (arguments.Value("apparmor") is { Length: > 0 } profile)
            process = process with { ApparmorProfile = profile };
        if (arguments.Value("process-label") is { Length: > 0 } label)
            process = process with { SelinuxLabel = label };
        if (arguments.Has("no-new-privs"))
            process = process with { NoNewPrivileges = true };
        if (arguments.All("cap") is { Count: > 0 } capabilities)
            process = process with { Capabilities = With(process.Capabilities, capabilities) };
        return process with { User = UserOf(arguments, process.User) };
    }

    static SpecProcess Read(string file)
    {
        try
        {
            return SpecReader.ReadProcess(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LaunchException(FailureKind.Other, $"cannot read {file}: {e.Message}", e);
        }
    }

    static SpecUser UserOf(Arguments arguments, SpecUser user)
    {
        if (arguments.Value("user") is { Length: > 0 } text)
        {
            string[] parts = text.Split(':');
            if (parts.Length > 2)
                throw new UsageException($"exec: invalid user {text}: it is UID[:GID]");
            user = user with { Uid = Id(parts[0]), Gid = parts.Length == 2 ? Id(parts[1]) : user.Gid };
        }
        if (arguments.All("additional-gids") is { Count: > 0 } groups)
            user = user with { AdditionalGids = [.. user.AdditionalGids ?? [], .. groups.Select(Id)] };
        return user;
    }

    static uint Id(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
            ? id
            : throw new UsageException($"exec: {text} is no numeric ID");

    /// <summary>As runc: what is added is bounding, effective and permitted, but not inherited.</summary>
    static LinuxCapabilities With(LinuxCapabilities? given, IReadOnlyList<string> more)
    {
        given ??= new LinuxCapabilities();
        return given with
        {
            Bounding = [.. given.Bounding ?? [], .. more],
            Effective = [.. given.Effective ?? [], .. more],
            Permitted = [.. given.Permitted ?? [], .. more],
        };
    }
}
