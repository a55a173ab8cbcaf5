// What a token is asked for: some actions on one repository.
namespace Skiff.Oci.Distribution;

/// <summary>"repository:library/debian:pull". distribution: token scope documentation.</summary>
public sealed record Scope(string Repository, bool Push)
{
    public override string ToString() => $"repository:{Repository}:{(Push ? "pull,push" : "pull")}";
}
