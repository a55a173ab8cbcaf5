// What is wrong with a Dockerfile, and where.
namespace Skiff.Engine.Dockerfile;

/// <summary>Something in a Dockerfile is wrong.</summary>
/// <param name="line">from 1</param>
public sealed class DockerfileException(int line, string message, ErrorKind kind = ErrorKind.InvalidParameter)
    : EngineException(kind, message)
{
    public int Line { get; } = line;
}
