// The Dockerfile instructions that `import --change` and `commit --change` take.
using Skiff.Engine.Dockerfile;
using Skiff.Oci.Images;

namespace Skiff.Engine.Images;

static class ImportChanges
{
    static readonly string[] Allowed =
    [
        "CMD",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "LABEL",
        "ONBUILD",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ];

    /// <summary>Applies the instructions in order, as a build would. Docker's texts where clients show them.</summary>
    /// <exception cref="EngineException">InvalidParameter, naming the instruction</exception>
    public static ImageRunConfig Apply(ImageRunConfig config, IReadOnlyList<string> changes)
    {
        if (changes.All(string.IsNullOrWhiteSpace))
            return config;
        var file = DockerfileParser.Parse(string.Join('\n', changes));
        bool ownCommand = false;
        var changed = config;
        foreach (var instruction in file.Instructions)
        {
            if (!Allowed.Contains(instruction.Keyword))
                throw EngineException.Invalid($"{instruction.Keyword} is not a valid change command");
            InstructionSyntax.Check(instruction);
            var environment = changed.Env;
            var expansion = new Expansion(file.Escape, name => ConfigSteps.Variable(environment, name));
            try
            {
                changed = ConfigSteps.Apply(changed, instruction, expansion, ownCommand).Config;
            }
            catch (FormatException e)
            {
                throw instruction.Error(e.Message);
            }
            ownCommand |= instruction.Keyword == "CMD";
        }
        // A mark of images that BuildKit made.
        return changed with { ArgsEscaped = config.ArgsEscaped };
    }
}
