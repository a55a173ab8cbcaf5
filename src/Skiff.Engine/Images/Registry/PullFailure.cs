// Why a pull failed, said as Docker's daemon says it, with what to do about it.
using Skiff.Oci.Distribution;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

internal static class PullFailure
{
    /// <summary>One error for all endpoints that were asked: the registry's, or the one that says more.</summary>
    public static EngineException Explain(Reference name, IReadOnlyList<(Endpoint Endpoint, RegistryException Failure)> failures)
    {
        var (endpoint, failure) = failures[^1];
        var mirrors = failures.Where(f => f.Endpoint.IsMirror).ToList();
        // Behind a mirror the registry itself is often out of reach: then a mirror's "no such image" is the answer.
        if (
            failure.Failure == RegistryFailure.Unreachable
            && mirrors.FirstOrDefault(m => m.Failure.Failure != RegistryFailure.Unreachable) is { Failure: { } answer } mirror
        )
        {
            return new EngineException(
                answer.Kind == ErrorKind.Forbidden ? ErrorKind.NotFound : answer.Kind,
                $"{Text(name, answer)} (asked mirror {mirror.Endpoint.Base}; {name.Domain} cannot be reached: {failure.Message})",
                answer
            );
        }
        var notes = mirrors
            .Where(m => m.Failure != failure)
            .Select(m => $"mirror {m.Endpoint.Base}: {m.Failure.Message}")
            .ToList();
        if (failure.Failure == RegistryFailure.Unreachable)
        {
            if (failure.Message.Contains("HTTP response to HTTPS client", StringComparison.Ordinal))
                notes.Add($"name the registry with --insecure-registry {endpoint.Host} if it serves plain HTTP on purpose");
            else if (name.Domain == Reference.DefaultDomain && mirrors.Count == 0)
                notes.Add("if Docker Hub cannot be reached from here, start the engine with --registry-mirror URL");
        }
        return Wrap(name, failure, notes.Count == 0 ? "" : $" ({string.Join("; ", notes)})");
    }

    static EngineException Wrap(Reference name, RegistryException failure, string note) =>
        // For Docker's clients, a repository that is denied is one that does not exist.
        new(failure.Failure == RegistryFailure.Denied ? ErrorKind.NotFound : failure.Kind, Text(name, failure) + note, failure);

    static string Text(Reference name, RegistryException failure) =>
        failure.Error?.Code switch
        {
            RegistryError.Denied =>
                $"pull access denied for {name.FamiliarRepository}, repository does not exist or may require 'docker login': {failure.Message}",
            RegistryError.ManifestUnknown => $"manifest for {name.Familiar} not found: {failure.Message}",
            RegistryError.NameUnknown => $"repository {name.FamiliarRepository} not found: {failure.Message}",
            _ => failure.Message,
        };
}
