// Tells the event bus what happened to a container, with the attributes Docker's clients look at.
using Skiff.Engine.Events;

namespace Skiff.Engine.Containers;

internal sealed class ContainerEvents(EventBus bus)
{
    /// <summary>Publishes a container event: its labels, image and name, and what is particular to the action.</summary>
    internal void Publish(Container container, string action, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        var all = new Dictionary<string, string>(container.Config.Labels, StringComparer.Ordinal)
        {
            ["image"] = container.ImageName,
            ["name"] = container.Name,
        };
        foreach (var (key, value) in attributes)
            all[key] = value;
        bus.Publish("container", action, container.Id, all);
    }
}
