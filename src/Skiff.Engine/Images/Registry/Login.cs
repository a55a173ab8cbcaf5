// Whether a registry takes credentials: distribution-spec, end-1, asked with them.
using System.Net;
using System.Net.Http;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

internal sealed class Login(Hosts hosts)
{
    /// <param name="registry">"docker.io", "registry.example:5000"</param>
    /// <exception cref="EngineException">InvalidParameter: no such host; Unauthorized; Unavailable: no registry answers</exception>
    public async Task CheckAsync(string registry, RegistryCredentials? credentials, CancellationToken cancellation)
    {
        if (!Reference.TryParse(registry + "/login", out var name) || (registry != "docker.io" && name.Domain != registry))
            throw EngineException.Invalid($"invalid registry \"{registry}\"");
        RegistryException? failure = null;
        // Where it would be pushed to: credentials are no mirror's business.
        foreach (var endpoint in await hosts.ForAsync(name, push: true, cancellation))
            try
            {
                await CheckAsync(endpoint, credentials, cancellation);
                return;
            }
            catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
            {
                failure = e;
            }
            catch (RegistryException e)
            {
                throw new EngineException(e.Kind, e.Message, e);
            }
        throw new EngineException(failure!.Kind, failure.Message, failure);
    }

    async Task CheckAsync(Endpoint endpoint, RegistryCredentials? credentials, CancellationToken cancellation)
    {
        var client = new RegistryClient(hosts, endpoint, credentials, []);
        var address = new Uri(endpoint.Base, "v2/");
        using var idle = new IdleLimit(client.Policy.IdleTimeout, cancellation);
        using var response = await client.SendAsync(
            address,
            target => new HttpRequestMessage(HttpMethod.Get, target),
            idle,
            cancellation
        );
        if (response.StatusCode == HttpStatusCode.OK)
            return;
        throw new RegistryException(
            response.StatusCode is HttpStatusCode.Unauthorized ? RegistryFailure.Unauthorized : RegistryFailure.Refused,
            $"login attempt to {address} failed with status: {(int)response.StatusCode} {response.ReasonPhrase}"
        );
    }
}
