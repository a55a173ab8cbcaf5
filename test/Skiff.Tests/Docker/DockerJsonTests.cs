// The Engine API's shapes against answers of a real dockerd 28.5 and a request of a real docker CLI 28.5.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skiff.Docker;
using Xunit;

namespace Skiff.Tests.Docker;

public sealed class DockerJsonTests
{
    [Fact]
    public void Writes_back_a_container_list_byte_for_byte() =>
        RoundTrips("container-list", DockerJson.Wire.IReadOnlyListContainerSummary);

    [Fact]
    public void Writes_back_a_container_byte_for_byte() => RoundTrips("container-inspect", DockerJson.Wire.ContainerInspect);

    [Fact]
    public void Writes_back_a_create_request_byte_for_byte() =>
        RoundTrips("container-create", DockerJson.Wire.ContainerCreateBody);

    [Fact]
    public void Writes_back_a_version_byte_for_byte() => RoundTrips("version", DockerJson.Wire.VersionBody);

    [Fact]
    public void Writes_back_info_byte_for_byte() => RoundTrips("info", DockerJson.Wire.InfoBody);

    [Fact]
    public void Writes_back_images_byte_for_byte()
    {
        RoundTrips("image-list", DockerJson.Wire.IReadOnlyListImageSummary);
        RoundTrips("image-inspect", DockerJson.Wire.ImageInspect);
        RoundTrips("image-history", DockerJson.Wire.IReadOnlyListImageHistoryItem);
    }

    [Fact]
    public void Writes_back_networks_and_volumes_byte_for_byte()
    {
        RoundTrips("network-list", DockerJson.Wire.IReadOnlyListNetworkBody);
        RoundTrips("network-inspect", DockerJson.Wire.NetworkBody);
        RoundTrips("volume-list", DockerJson.Wire.VolumeList);
    }

    [Fact]
    public void Reads_names_in_any_case_and_null_as_zero_and_ignores_what_it_does_not_know()
    {
        var body = JsonSerializer.Deserialize(
            """{"image":"x","TTY":true,"OpenStdin":null,"Cmd":"date","User":null,"Later":{},"HostConfig":{"Memory":null,"OomScoreAdj":null,"MemorySwappiness":null}}""",
            DockerJson.Wire.ContainerCreateBody
        )!;
        Assert.Equal("x", body.Image);
        Assert.True(body.Tty);
        Assert.False(body.OpenStdin);
        Assert.Equal(["date"], body.Cmd!);
        Assert.Equal("", body.User);
        Assert.Equal(0, body.HostConfig!.Memory);
        Assert.Null(body.HostConfig.MemorySwappiness);
    }

    [Fact]
    public void Does_not_escape_the_signs_of_HTML()
    {
        var json = JsonSerializer.Serialize(new ErrorBody("a < b && c > 'd' + é"), DockerJson.Wire.ErrorBody);
        Assert.Equal("""{"message":"a < b && c > 'd' + é"}""", json);
    }

    static void RoundTrips<T>(string name, JsonTypeInfo<T> type)
    {
        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "docker", name + ".json")).TrimEnd();
        var value = JsonSerializer.Deserialize(expected, type)!;
        Assert.Equal(expected, JsonSerializer.Serialize(value, type));
    }
}
