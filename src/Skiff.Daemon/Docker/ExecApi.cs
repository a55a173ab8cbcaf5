// Engine API, section Exec.
using Skiff.Docker;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal sealed class ExecApi(Engine.Engine engine)
{
    readonly ContainerService containers = engine.Containers;

    internal IEnumerable<Route> Routes() =>
        [
            new("POST", "containers/{id}/exec", CreateAsync),
            new("POST", "exec/{id}/start", StartAsync),
            new("GET", "exec/{id}/json", InspectAsync),
            new("POST", "exec/{id}/resize", ResizeAsync),
            new("POST", "exec/{id}/kill", KillAsync),
        ];

    async Task CreateAsync(ApiRequest request)
    {
        var body = await request.ReadAsync(DockerJson.Wire.ExecCreateBody);
        var exec = containers.CreateExec(
            request.Path("id"),
            new ExecRequest
            {
                Cmd = body.Cmd ?? [],
                Env = body.Env ?? [],
                User = body.User,
                WorkingDir = body.WorkingDir,
                Tty = body.Tty,
                Privileged = body.Privileged,
                AttachStdin = body.AttachStdin,
                AttachStdout = body.AttachStdout,
                AttachStderr = body.AttachStderr,
                DetachKeys = body.DetachKeys is { Length: > 0 } keys ? keys : null,
                ConsoleRows = (ushort)(body.ConsoleSize is [var rows, _] ? rows : 0),
                ConsoleColumns = (ushort)(body.ConsoleSize is [_, var columns] ? columns : 0),
            }
        );
        await request.AnswerAsync(new IdAnswer(exec.Id), DockerJson.Wire.IdAnswer, 201);
    }

    async Task StartAsync(ApiRequest request)
    {
        var body = request.HasBody ? await request.ReadAsync(DockerJson.Wire.ExecStartBody) : new ExecStartBody();
        if (body.Detach)
        {
            await containers.StartExecAsync(request.Path("id"), default);
            await request.NothingAsync(200);
            return;
        }
        await Hijack.RunAsync(request, containers.AttachExec(request.Path("id")));
    }

    Task InspectAsync(ApiRequest request)
    {
        var exec = containers.GetExec(request.Path("id"));
        return request.AnswerAsync(
            new ExecInspect
            {
                ID = exec.Id,
                Running = exec.Running,
                ExitCode = exec.ExitCode,
                ProcessConfig = new ExecProcess
                {
                    Tty = exec.Request.Tty,
                    Entrypoint = exec.Request.Cmd[0],
                    Arguments = [.. exec.Request.Cmd.Skip(1)],
                    Privileged = exec.Request.Privileged,
                    User = exec.Request.User.Length > 0 ? exec.Request.User : null,
                },
                OpenStdin = exec.Request.AttachStdin,
                OpenStderr = exec.Request.AttachStderr,
                OpenStdout = exec.Request.AttachStdout,
                CanRemove = exec.ExitCode is not null,
                ContainerID = exec.ContainerId,
                DetachKeys = exec.Request.DetachKeys ?? "",
                Pid = exec.Pid,
            },
            DockerJson.Wire.ExecInspect
        );
    }

    /// <summary>Skiff's own: Docker has no way to end an exec.</summary>
    async Task KillAsync(ApiRequest request)
    {
        string? signal = request.Query("signal") is { Length: > 0 } given ? given : null;
        await containers.KillExecAsync(request.Path("id"), signal, default);
        await request.NothingAsync();
    }

    async Task ResizeAsync(ApiRequest request)
    {
        await containers.ResizeExecAsync(
            request.Path("id"),
            request.Size("h", "height"),
            request.Size("w", "width"),
            request.Gone
        );
        await request.NothingAsync(200);
    }
}
