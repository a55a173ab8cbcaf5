// The verbs on networks of users: create, remove, prune.
namespace Skiff.Engine.Networks;

public sealed partial class NetworkService
{
    /// <summary>Makes a bridge network; it is durable when this returns. The failures are in Docker's words.</summary>
    /// <exception cref="EngineException">
    /// Conflict: the name exists; Forbidden: it is predefined, or its subnet overlaps another's; InvalidParameter: a name,
    /// subnet or option that cannot be; NotImplemented: an option by its name
    /// </exception>
    public async Task<Network> CreateAsync(NetworkCreate request, CancellationToken cancellation)
    {
        CheckName(request.Name);
        var subnet = SubnetPlan.Of(request.Subnet);
        using (await ChangeAsync(cancellation))
        {
            if (store.ByName(request.Name) is not null)
                throw EngineException.Conflict($"network with name {request.Name} already exists");
            var wished = new Network
            {
                Id = NewId(),
                Name = request.Name,
                Driver = "bridge",
                Created = DateTimeOffset.UtcNow,
                Subnets = subnet is null ? [] : [subnet],
                Internal = request.Internal,
                Attachable = request.Attachable,
                Labels = request.Labels,
                Options = request.Options,
            };
            if (subnet is not null && Subnets(wished.Id).Exists(IPv4Subnet.TryParse(subnet.Cidr)!.Value.Subnet.Overlaps))
                throw new EngineException(
                    ErrorKind.Forbidden,
                    "invalid pool request: Pool overlaps with other one on this address space"
                );
            string name = BridgeSettings.Of(wished.Id, wished.Options, options.Mtu).Name;
            if (bridges.Values.FirstOrDefault(b => b.Settings.Name == name) is { } other)
                throw new EngineException(
                    ErrorKind.Forbidden,
                    $"cannot create network {wished.Id} ({name}): conflicts with network {other.Record.Id} ({name}): networks have same bridge name"
                );
            return await Task.Run(() => Create(wished), CancellationToken.None);
        }
    }

    Network Create(Network wished)
    {
        BridgeNetwork? made = null;
        try
        {
            made = Make(wished);
            store.Save(made.Record);
            Opened(made);
            if (forwarding.SwitchOn())
                notices.Add("net.ipv4.ip_forward was off and is switched on, so that containers reach other hosts");
        }
        catch
        {
            if (made is not null)
                Forget(made);
            foreach (var entry in journal.Of(wished.Id))
            {
                Skiff.Linux.Netlink.Links.TryDelete(host, entry.Resource);
                journal.Strike(entry);
            }
            throw;
        }
        Tell("create", made.Record);
        return made.Record;
    }

    /// <exception cref="EngineException">NotFound; Forbidden: predefined, or with containers on it</exception>
    public async Task RemoveAsync(string nameOrId, CancellationToken cancellation)
    {
        using (await ChangeAsync(cancellation))
        {
            var network = Get(nameOrId);
            if (IsPredefined(network.Name))
                throw new EngineException(ErrorKind.Forbidden, $"{network.Name} is a pre-defined network and cannot be removed");
            // Their links may wait for the end of a namespace.
            await sweeper.FlushAsync();
            await Task.Run(() => Remove(network), CancellationToken.None);
        }
    }

    void Remove(Network network)
    {
        if (!bridges.TryGetValue(network.Id, out var made))
        {
            store.Remove(network); // it could not be opened: there is nothing of it
            Tell("destroy", network);
            return;
        }
        lock (made)
        {
            var owners = sandboxes.OwnersOn(network.Id);
            if (owners.Count > 0)
                throw new EngineException(
                    ErrorKind.Forbidden,
                    $"error while removing network: network {network.Name} has active endpoints ("
                        + string.Join(", ", owners.Select(o => $"name:\"{names.NameOf(o)}\" id:\"{o[..12]}\""))
                        + ")"
                );
            made.IsRemoved = true;
        }
        Forget(made);
        Tell("destroy", network);
    }

    /// <summary>Record first: what is left of the kernel's then stands in the journal alone, as an orphan.</summary>
    void Forget(BridgeNetwork network)
    {
        store.Remove(network.Record);
        bridges.TryRemove(network.Record.Id, out _);
        names.RemoveNetwork(network.Record.Id);
        Nft(() => firewall.Remove(network.Record.Id));
        Kernel(() =>
        {
            network.Bridge.Remove(network.Record.Id);
            return 0;
        });
    }

    /// <summary>Removes networks of users that nothing is connected to. Returns their names.</summary>
    /// <param name="isWanted">which of them</param>
    public async Task<IReadOnlyList<string>> PruneAsync(Func<Network, bool> isWanted, CancellationToken cancellation)
    {
        var removed = new List<string>();
        foreach (
            var network in store
                .All()
                .Where(n => !IsPredefined(n.Name) && isWanted(n))
                .OrderBy(n => n.Name, StringComparer.Ordinal)
        )
            try
            {
                await RemoveAsync(network.Id, cancellation);
                removed.Add(network.Name);
            }
            catch (EngineException e) when (e.Kind is ErrorKind.Forbidden or ErrorKind.NotFound)
            {
                // In use, or somebody else was faster.
            }
        return removed;
    }

    static void CheckName(string name)
    {
        if (IsPredefined(name) || name == "default")
            throw new EngineException(ErrorKind.Forbidden, $"operation is not permitted on predefined {name} network");
        bool valid =
            name.Length > 0
            && char.IsAsciiLetterOrDigit(name[0])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
        if (!valid)
            throw EngineException.Invalid($"invalid network name \"{name}\": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }

    async Task<IDisposable> ChangeAsync(CancellationToken cancellation)
    {
        await changing.WaitAsync(cancellation);
        return new Change(changing);
    }

    sealed class Change(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}
