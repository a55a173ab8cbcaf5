// Publishes ports of containers: reserves them on the host, and puts them into the rules.
using System.Net;
using System.Net.Sockets;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Networks;

/// <summary>
/// Packets are forwarded by the kernel alone. A socket that listens, and never accepts, holds each port: no program of
/// the host can take it, and one that has it is found out. See docs/adr/0013. Safe for use by many threads.
/// </summary>
internal sealed class PortPublisher(Journal journal, Firewall firewall) : IDisposable
{
    readonly Lock gate = new();
    readonly Dictionary<string, Held> held = [];

    sealed record Held(List<PortElement> Elements, List<Socket> Sockets);

    /// <summary>Reads what was published when the engine ended; the rules are to be asserted after it.</summary>
    internal void Load()
    {
        lock (gate)
            foreach (var entry in journal.OfKind(ResourceKind.NftElement))
                if (PortElement.Of(entry) is { } element)
                {
                    Of(entry.Owner).Elements.Add(element);
                    firewall.Remember([element]);
                }
    }

    /// <summary>Reserves ports for a container, all or none, and lets packets in.</summary>
    /// <param name="target">the container's address</param>
    /// <exception cref="EngineException">System, in Docker's words: a port is taken, or the address is not this host's</exception>
    internal IReadOnlyList<PublishedPort> Publish(string owner, string target, IReadOnlyList<PortRequest> requests)
    {
        if (requests.Count == 0)
            return [];
        lock (gate)
        {
            var taken = new Held([], []);
            try
            {
                foreach (var request in requests)
                {
                    var (port, socket) = Reserve(request, taken.Elements);
                    taken.Elements.Add(new PortElement(port, target));
                    taken.Sockets.Add(socket);
                }
                journal.Take([.. taken.Elements.Select(e => e.Entry(owner))]);
                held[owner] = taken;
                firewall.Publish(taken.Elements);
                return [.. taken.Elements.Select(e => e.Port)];
            }
            catch
            {
                taken.Sockets.ForEach(s => s.Dispose());
                throw;
            }
        }
    }

    /// <summary>
    /// Reserves again what a container that runs already had. A program that took such a port while there was no engine
    /// keeps its socket, and gets no packets until the container ends.
    /// </summary>
    internal void Adopt(string owner)
    {
        lock (gate)
        {
            if (!held.TryGetValue(owner, out var kept) || kept.Sockets.Count > 0)
                return;
            foreach (var element in kept.Elements)
                try
                {
                    kept.Sockets.Add(Bind(element.Port, element.Port.HostPort));
                }
                catch (SocketException)
                {
                    // As said above.
                }
        }
    }

    /// <summary>What a container has published.</summary>
    internal IReadOnlyList<PublishedPort> PortsOf(string owner)
    {
        lock (gate)
            return held.TryGetValue(owner, out var kept) ? [.. kept.Elements.Select(e => e.Port)] : [];
    }

    /// <summary>The same ports, for another address of the container.</summary>
    internal IReadOnlyList<PublishedPort> Retarget(string owner, string target)
    {
        lock (gate)
        {
            if (!held.TryGetValue(owner, out var kept))
                return [];
            List<PortElement> old = [.. kept.Elements],
                now = [.. old.Select(e => e with { Target = target })];
            journal.Take([.. now.Select(e => e.Entry(owner))]);
            firewall.Replace(old, now);
            journal.Strike([.. old.Select(e => e.Entry(owner))]);
            kept.Elements.Clear();
            kept.Elements.AddRange(now);
            return [.. now.Select(e => e.Port)];
        }
    }

    /// <summary>Gives back a container's ports. Idempotent.</summary>
    internal void Release(string owner)
    {
        lock (gate)
        {
            if (!held.Remove(owner, out var kept) || kept.Elements.Count == 0)
                return;
            firewall.Unpublish(kept.Elements);
            kept.Sockets.ForEach(s => s.Dispose());
            journal.Strike([.. kept.Elements.Select(e => e.Entry(owner))]);
        }
    }

    /// <summary>Closes sockets; packets go on.</summary>
    public void Dispose()
    {
        lock (gate)
            foreach (var kept in held.Values)
                kept.Sockets.ForEach(s => s.Dispose());
    }

    (PublishedPort, Socket) Reserve(PortRequest request, List<PortElement> already)
    {
        string address = request.HostIp.Length > 0 ? request.HostIp : PublishedPort.AnyAddress;
        for (int number = request.HostPortFirst; ; number++)
        {
            var port = new PublishedPort(request.ContainerPort, request.Protocol, address, (ushort)number);
            bool last = number >= request.HostPortLast;
            if (number > 0 && held.Values.SelectMany(h => h.Elements).Concat(already).Any(e => e.Port.Meets(port)))
            {
                if (last)
                    throw Failed($"Bind for {address}:{number} failed: port is already allocated");
                continue;
            }
            try
            {
                var socket = Bind(port, port.HostPort);
                return (port with { HostPort = (ushort)((IPEndPoint)socket.LocalEndPoint!).Port }, socket);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && !last)
            {
                // The next one, then.
            }
            catch (SocketException e)
            {
                string why =
                    e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "address already in use"
                    : e.SocketErrorCode == SocketError.AddressNotAvailable ? "cannot assign requested address"
                    : e.Message;
                throw Failed($"failed to bind host port {address}:{number}/{port.Protocol}: {why}");
            }
        }
    }

    static Socket Bind(PublishedPort port, int number)
    {
        bool stream = port.Protocol == "tcp";
        var socket = new Socket(
            AddressFamily.InterNetwork,
            stream ? SocketType.Stream : SocketType.Dgram,
            stream ? ProtocolType.Tcp : ProtocolType.Udp
        );
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(port.HostIp), number));
            // Without listening, another socket that may reuse addresses could be bound beside it: socket(7).
            if (stream)
                socket.Listen(1);
            else
                socket.ReceiveBufferSize = 0; // the kernel's least
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static EngineException Failed(string why) =>
        new(ErrorKind.System, $"failed to set up container networking: driver failed programming external connectivity: {why}");

    Held Of(string owner)
    {
        if (!held.TryGetValue(owner, out var kept))
            held[owner] = kept = new Held([], []);
        return kept;
    }
}
