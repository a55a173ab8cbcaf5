// skiff wait: until containers have ended; prints their exit codes.
using System.Globalization;
using System.Text.Json;
using Skiff.Cli.Http;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class WaitCommand : EachCommand
{
    public override string Usage => "CONTAINER [CONTAINER...]";
    public override string Summary => "Wait until containers stop, then print their exit codes";

    protected override string? Do(CliContext context, string name)
    {
        var answer = context.Engine.Request("POST", new Query(Container(name) + "/wait"));
        return End(answer).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Registers a wait: when this returns, an exit is not missed.</summary>
    /// <param name="condition">"not-running", "next-exit" or "removed"</param>
    public static HttpAnswer Begin(EngineClient engine, string id, string condition) =>
        engine.Request("POST", new Query($"/containers/{id}/wait").Add("condition", condition));

    /// <summary>The exit code, when it is there.</summary>
    /// <exception cref="CliException">the engine says that the wait failed</exception>
    public static int End(HttpAnswer wait)
    {
        var result = JsonSerializer.Deserialize(wait.Body.ReadAll(1 << 20).Span, DockerJson.Wire.ContainerWaitAnswer)!;
        return result.Error is { Message.Length: > 0 } error
            ? throw new CliException(error.Message, CliException.Ours)
            : (int)result.StatusCode;
    }
}
