// A container made anew from what inspect tells of it is the same container.
using System.Text.Json;
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RecreateTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    static readonly string[] Flags =
    [
        .. "-i -t --hostname hh --domainname dd -u 5:6 -e A=1 -w /tmp -l l1=v1 --annotation an=1 --stop-signal USR1".Split(' '),
        .. "--stop-timeout 7 --health-cmd true --health-interval 3s --health-retries 4 --health-timeout 5s".Split(' '),
        .. "--health-start-period 6s --health-start-interval 2s --restart on-failure:3 --init --entrypoint /bin/sh".Split(' '),
        .. "--network recreated --ip 10.94.0.9 --network-alias al1 --mac-address 02:42:0a:5e:00:09 --expose 90".Split(' '),
        .. "-p 127.0.0.1:0:80 -p 81/udp --dns 1.1.1.1 --dns-option ndots:3 --dns-search ex.com --add-host h1:1.2.3.4".Split(' '),
        .. "-v recreated:/data:ro -v /tmp:/hosttmp --mount type=tmpfs,dst=/tm,tmpfs-size=1m --tmpfs /t2:size=64k".Split(' '),
        .. "--read-only --shm-size 32m --cap-add NET_ADMIN --cap-drop MKNOD --security-opt no-new-privileges".Split(' '),
        .. "--security-opt seccomp=unconfined --device /dev/null:/dev/nn:r --sysctl net.ipv4.ip_forward=1".Split(' '),
        .. "--ulimit nofile=100:200 --group-add 7 --cgroup-parent /skt-recreated -m 64m --memory-swap 128m".Split(' '),
        .. "--memory-reservation 32m --cpu-shares 300 --cpuset-cpus 0 --cpuset-mems 0 --cpu-period 50000".Split(' '),
        .. "--cpu-quota 25000 --pids-limit 44 --oom-score-adj 77 --log-opt max-size=2m --log-opt max-file=2".Split(' '),
        .. "--ipc shareable --cgroupns private".Split(' '),
        "--device-cgroup-rule",
        "c 1:7 r",
    ];

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void What_inspect_tells_is_enough_to_make_it_again(string client)
    {
        using var api = new ApiClient(engine.Socket);
        string name = "recreated-" + client;
        string subnet = client == "docker" ? "10.95.0" : "10.94.0";
        engine.Skiff("network", "create", "--subnet", subnet + ".0/24", name).Expect();
        try
        {
            string[] flags = [.. Flags.Select(f => f.Replace("10.94.0", subnet, StringComparison.Ordinal))];
            flags[Array.IndexOf(flags, "recreated")] = name;
            engine.Client(client, ["create", "--name", name, .. flags, "busybox", "-c", "read x"], null).Expect();
            JsonNode first = Inspect(api, name);
            engine.Skiff("rm", name).Expect();
            JsonObject body = first["Config"]!.DeepClone().AsObject();
            body["HostConfig"] = first["HostConfig"]!.DeepClone();
            body["NetworkingConfig"] = new JsonObject
            {
                ["EndpointsConfig"] = first["NetworkSettings"]!["Networks"]!.DeepClone(),
            };
            api.Post($"containers/create?name={name}", body.ToJsonString());
            JsonNode second = Inspect(api, name);
            foreach (string part in (string[])["Config", "HostConfig", "Path", "Args", "Mounts", "NetworkSettings", "Image"])
                Assert.Equal(first[part]?.ToJsonString(), second[part]?.ToJsonString());
            api.Post($"containers/{name}/start", "");
            JsonNode made = Inspect(api, name)["NetworkSettings"]!["Networks"]![name]!;
            Assert.Equal((subnet + ".9", "02:42:0a:5e:00:09"), ((string?)made["IPAddress"], (string?)made["MacAddress"]));
            Assert.Equal(subnet + ".9", (string?)made["IPAMConfig"]!["IPv4Address"]);
        }
        finally
        {
            engine.Skiff("rm", "-f", name);
            engine.Skiff("network", "rm", name).Expect();
            engine.Skiff("volume", "rm", "-f", "recreated");
        }
    }

    static JsonNode Inspect(ApiClient api, string name) => JsonSerializer.SerializeToNode(api.Get($"containers/{name}/json"))!;
}
