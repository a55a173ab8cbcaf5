// Skiff's own way of building: the context where it is, events instead of text.
using System.Text;
using System.Text.Json;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Build;
using Skiff.Engine.Dockerfile;

namespace Skiff.Daemon.Docker;

/// <summary>
/// The client is on this machine mostly: a context of ten thousand files need not go through a socket. Whoever may use
/// the API may mount any directory of the host anyway.
/// </summary>
internal sealed class BuildEventsDoor(Engine.Engine engine)
{
    /// <summary>Asks for events also where the body is a tar.</summary>
    internal const string Header = "X-Skiff-Events";

    /// <exception cref="EngineException">Conflict: the engine does not see the client's directories</exception>
    internal async Task BuildAsync(ApiRequest request, BuildRequest wanted)
    {
        var body = await request.ReadAsync(DockerJson.Wire.BuildContextBody);
        using var context = Open(body, body.View);
        var further = new Dictionary<string, BuildContext>();
        try
        {
            foreach (var (name, directory) in body.Contexts ?? new Dictionary<string, BuildContextBody>())
                further[name] = Open(directory, body.View);
            await RunAsync(
                engine,
                request,
                wanted with
                {
                    Dockerfile = body.Dockerfile,
                    NamedContexts = further,
                    Secrets = (body.Secrets ?? new Dictionary<string, string>()).ToDictionary(
                        s => s.Key,
                        s => Convert.FromBase64String(s.Value)
                    ),
                },
                context
            );
        }
        finally
        {
            foreach (var one in further.Values)
                one.Dispose();
        }
    }

    static BuildContext Open(BuildContextBody body, string view)
    {
        if (view == BuildContextBody.ThisView() && body.Path.StartsWith('/'))
        {
            var context = BuildContext.OpenDirectory(body.Path);
            if (context.Identity == (body.Device, body.Inode))
                return context;
            context.Dispose();
        }
        throw EngineException.Conflict("the engine does not see this directory: send it as a tar");
    }

    internal static Task RunAsync(Engine.Engine engine, ApiRequest request, BuildRequest wanted, BuildContext context) =>
        ProgressWriter.RunAsync(
            request,
            async report =>
            {
                var decoders = new Dictionary<(int, bool), Decoder>();
                try
                {
                    if (request.Flag("check"))
                    {
                        Warnings(engine.Builds.Check(wanted, context));
                        Tell(new BuildProgressBody { Kind = BuildProgressBody.Finished });
                        return;
                    }
                    var (image, unused, warnings) = await engine.Builds.BuildAsync(
                        wanted,
                        context,
                        happened => Tell(Of(happened, decoders)),
                        request.Gone
                    );
                    Warnings(warnings);
                    Tell(
                        new BuildProgressBody
                        {
                            Kind = BuildProgressBody.Finished,
                            Image = image.Id.ToString(),
                            Text =
                                unused.Count > 0
                                    ? $"[Warning] One or more build-args [{string.Join(' ', unused)}] were not consumed"
                                    : null,
                        }
                    );
                }
                catch (EngineException e)
                {
                    Tell(
                        new BuildProgressBody
                        {
                            Kind = BuildProgressBody.Failed,
                            Text = e.Message,
                            Line =
                                e is DockerfileException wrong ? wrong.Line
                                : e is StepFailedException step ? step.Vertex.Line
                                : 0,
                            Image = (e as StepFailedException)?.ImageBefore?.ToString(),
                        }
                    );
                    throw;
                }

                void Warnings(IReadOnlyList<BuildWarning> found)
                {
                    foreach (var warning in found)
                        Tell(
                            new BuildProgressBody
                            {
                                Kind = BuildProgressBody.Warning,
                                Id = warning.Rule,
                                Text = warning.Message,
                                Line = warning.Line,
                            }
                        );
                }

                void Tell(BuildProgressBody? body)
                {
                    if (body is not null)
                        report(
                            new ProgressMessage
                            {
                                Aux = JsonSerializer.SerializeToElement(body, DockerJson.Wire.BuildProgressBody),
                            }
                        );
                }
            },
            lossless: true
        );

    static BuildProgressBody? Of(BuildEvent happened, Dictionary<(int, bool), Decoder> decoders)
    {
        var vertex = happened.Vertex;
        var step = new BuildStepBody(vertex.Id, vertex.Stage, vertex.Number, vertex.Count, vertex.Text, vertex.Line);
        return happened switch
        {
            BuildEvent.Started => new() { Kind = BuildProgressBody.Started, Step = step },
            BuildEvent.Cached => new() { Kind = BuildProgressBody.Cached, Step = step },
            BuildEvent.Missed missed => new()
            {
                Kind = BuildProgressBody.Missed,
                Step = step,
                Text = missed.Reason,
            },
            BuildEvent.Output output => new()
            {
                Kind = BuildProgressBody.Output,
                Step = step,
                IsError = output.IsError,
                Text = ClassicOutput.Decode(decoders, (vertex.Id, output.IsError), output.Bytes.Span),
            },
            BuildEvent.Done done => new()
            {
                Kind = BuildProgressBody.Done,
                Step = step,
                Image = done.Image.IsEmpty ? null : done.Image.ToString(),
            },
            BuildEvent.Failed failed => new()
            {
                Kind = BuildProgressBody.Failed,
                Step = step,
                Text = failed.Message,
                Line = vertex.Line,
            },
            BuildEvent.Pulling pulling => new()
            {
                Kind = BuildProgressBody.Pulling,
                Step = step,
                Text = pulling.Progress.Status,
                Id = pulling.Progress.Id,
                Current = pulling.Progress.Current,
                Total = pulling.Progress.Total,
            },
            _ => null,
        };
    }
}
