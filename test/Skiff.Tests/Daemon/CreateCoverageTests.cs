// Nothing that a client sets on a new container is silently ignored: every member is mapped, refused by its flag, or known to do nothing.
using System.Reflection;
using System.Text.Json;
using Skiff.Daemon.Docker;
using Skiff.Docker;
using Skiff.Engine;
using Xunit;

namespace Skiff.Tests.Daemon;

public sealed class CreateCoverageTests
{
    /// <summary>Members that ask nothing of an engine, and why.</summary>
    static readonly Dictionary<string, string> Harmless = new(StringComparer.Ordinal)
    {
        ["ContainerCreateBody.ArgsEscaped"] = "Windows only",
        ["HostConfig.ContainerIDFile"] = "the client's own file",
        ["MountBody.Consistency"] = "Mac only",
        ["EndpointSettings.NetworkID"] = "what inspect shows; a client that copies it asks for nothing",
        ["EndpointSettings.EndpointID"] = "as above",
        ["EndpointSettings.Gateway"] = "as above",
        ["EndpointSettings.IPAddress"] = "as above",
        ["EndpointSettings.IPPrefixLen"] = "as above",
        ["EndpointSettings.IPv6Gateway"] = "as above",
        ["EndpointSettings.GlobalIPv6Address"] = "as above",
        ["EndpointSettings.GlobalIPv6PrefixLen"] = "as above",
        ["EndpointSettings.DNSNames"] = "as above",
    };

    public static TheoryData<string> Members()
    {
        var data = new TheoryData<string>();
        foreach (
            var type in (Type[])
                [
                    typeof(ContainerCreateBody),
                    typeof(HostConfig),
                    typeof(LogConfig),
                    typeof(RestartPolicy),
                    typeof(MountBody),
                    typeof(BindOptions),
                    typeof(TmpfsOptions),
                    typeof(EndpointSettings),
                    typeof(EndpointIpamConfig),
                ]
        )
        foreach (var member in Writable(type))
            // Objects that have rows of their own.
            if (member.PropertyType.Assembly != typeof(HostConfig).Assembly || member.Name is "VolumeOptions" or "ImageOptions")
                data.Add($"{type.Name}.{member.Name}");
        return data;
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void Every_member_is_mapped_or_refused_by_its_flag(string name)
    {
        var (plain, set) = Bodies(name);
        string before = Engine(plain);
        string after;
        try
        {
            after = Engine(set);
        }
        catch (EngineException e) when (e.Message.StartsWith("invalid isolation (", StringComparison.Ordinal))
        {
            Assert.Equal("HostConfig.Isolation", name); // what Docker has to say of it here, too
            return;
        }
        catch (EngineException e) when (e.Message.StartsWith("invalid restart policy", StringComparison.Ordinal))
        {
            Assert.StartsWith("RestartPolicy.", name, StringComparison.Ordinal); // checked, so read
            return;
        }
        catch (EngineException e)
        {
            Assert.Equal(ErrorKind.NotImplemented, e.Kind);
            Assert.Matches("(^| |\\()-[-a-zP]|the .* setting", e.Message);
            Assert.EndsWith("is not supported yet by this release of Skiff", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(name, Harmless.Keys);
            return;
        }
        Assert.Equal(Harmless.ContainsKey(name), before == after);
    }

    [Fact]
    public void What_a_stock_client_sends_without_flags_passes()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "golden", "docker", "container-create.json"));
        var body = JsonSerializer.Deserialize(json, DockerJson.Wire.ContainerCreateBody)!;
        var create = CreateMapping.ToEngine(body, "x", null);
        Assert.Equal(["true"], create.Config.Cmd);
        Assert.Null(create.Config.Entrypoint);
        Assert.Equal("none", create.Host.NetworkMode);
        Assert.True(create.Host.AutoRemove);
        Assert.Equal("", create.Host.LogDriver);
        Assert.Null(create.Host.MaskedPaths);
        Assert.Empty(create.Networks);
    }

    [Theory]
    [InlineData(
        """{"HostConfig":{"Mounts":[{"Type":"image","Source":"v","Target":"/v","ImageOptions":{"Subpath":"x"}}]}}""",
        "--mount type=image is not supported yet by this release of Skiff"
    )]
    public void What_is_not_there_yet_is_refused_in_words(string json, string message)
    {
        var body = JsonSerializer.Deserialize(json, DockerJson.Wire.ContainerCreateBody)! with { Image = "i" };
        Assert.Equal(message, Assert.Throws<EngineException>(() => CreateMapping.ToEngine(body, null, null)).Message);
    }

    [Theory]
    [InlineData(
        """{"HostConfig":{"RestartPolicy":{"Name":""},"PortBindings":{},"MemorySwappiness":-1,"Ulimits":null,"Annotations":null,"Init":false}}"""
    )]
    [InlineData(
        """{"HostConfig":{"RestartPolicy":null,"LogConfig":null,"Isolation":"default","VolumeDriver":"local","NetworkMode":"default"}}"""
    )]
    [InlineData("""{"Healthcheck":{"Test":["NONE"]},"NetworkDisabled":false,"Volumes":{},"MacAddress":""}""")]
    [InlineData("""{"Healthcheck":{},"NetworkingConfig":null,"HostConfig":null}""")]
    [InlineData("""{"NetworkingConfig":{"EndpointsConfig":{"bridge":null}}}""")]
    public void Defaults_in_any_spelling_pass(string json)
    {
        var body = JsonSerializer.Deserialize(json, DockerJson.Wire.ContainerCreateBody)! with { Image = "i" };
        Assert.Equal("bridge", CreateMapping.ToEngine(body, null, null).Host.NetworkMode);
    }

    static IEnumerable<PropertyInfo> Writable(Type type) => type.GetProperties().Where(p => p.CanWrite);

    static string Engine(ContainerCreateBody body) =>
        JsonSerializer.Serialize(CreateMapping.ToEngine(body, null, null), Reflective);

    static readonly JsonSerializerOptions Reflective = new()
    {
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };

    /// <summary>Two requests that differ in one member only.</summary>
    static (ContainerCreateBody Plain, ContainerCreateBody Set) Bodies(string name)
    {
        string[] parts = name.Split('.');
        return (Body(null), Body(parts[1]));

        ContainerCreateBody Body(string? member)
        {
            var body = new ContainerCreateBody { Image = "i" };
            return parts[0] switch
            {
                nameof(ContainerCreateBody) => With(body, member),
                nameof(HostConfig) => body with { HostConfig = With(new HostConfig(), member) },
                nameof(LogConfig) => body with { HostConfig = new HostConfig { LogConfig = With(new LogConfig(), member) } },
                nameof(RestartPolicy) => body with
                {
                    HostConfig = new HostConfig { RestartPolicy = With(new RestartPolicy(), member) },
                },
                nameof(MountBody) => Mounted(With(new MountBody { Type = "bind", Target = "/t" }, member)),
                nameof(BindOptions) => Mounted(
                    new MountBody
                    {
                        Type = "bind",
                        Target = "/t",
                        BindOptions = With(new BindOptions(), member),
                    }
                ),
                nameof(TmpfsOptions) => Mounted(
                    new MountBody
                    {
                        Type = "tmpfs",
                        Target = "/t",
                        TmpfsOptions = With(new TmpfsOptions(), member),
                    }
                ),
                nameof(EndpointSettings) => Connected(With(new EndpointSettings(), member)),
                nameof(EndpointIpamConfig) => Connected(
                    new EndpointSettings { IPAMConfig = With(new EndpointIpamConfig(), member) }
                ),
                _ => throw new ArgumentException(name),
            };

            ContainerCreateBody Mounted(MountBody mount) => body with { HostConfig = new HostConfig { Mounts = [mount] } };

            ContainerCreateBody Connected(EndpointSettings endpoint) =>
                body with
                {
                    NetworkingConfig = new NetworkingConfig
                    {
                        EndpointsConfig = new Dictionary<string, EndpointSettings?> { ["n"] = endpoint },
                    },
                };
        }
    }

    static T With<T>(T record, string? member)
        where T : class
    {
        if (member is null)
            return record;
        var property = typeof(T).GetProperty(member)!;
        property.SetValue(record, Sample(property.PropertyType));
        return record;
    }

    /// <summary>Some value of a type that is not its default.</summary>
    static object Sample(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return "sample";
        if (type == typeof(bool))
            return true;
        if (type.IsPrimitive)
            return Convert.ChangeType(7, type, null);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var item = type.GenericTypeArguments[0];
            var list = Array.CreateInstance(item, 2); // two: ConsoleSize is a pair
            list.SetValue(Sample(item), 0);
            list.SetValue(Sample(item), 1);
            return list;
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            var map = (System.Collections.IDictionary)
                Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(type.GenericTypeArguments))!;
            map["sample"] = Sample(type.GenericTypeArguments[1]);
            return map;
        }
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
        object sample = constructor.Invoke([.. constructor.GetParameters().Select(p => Sample(p.ParameterType))]);
        foreach (
            var property in Writable(type).Where(p => constructor.GetParameters().Length == 0 && p.PropertyType == typeof(string))
        )
            property.SetValue(sample, type == typeof(MountBody) && property.Name == "Type" ? "bind" : "sample");
        return sample;
    }
}
