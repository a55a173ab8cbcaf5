// skiff against the stock docker client on the same engine: the same words to the byte, but for their own names and ages.
using System.Text;
using System.Text.RegularExpressions;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

/// <summary>An engine of its own, at which nothing changes while the two clients look at it.</summary>
public sealed class StillEngine : IDisposable
{
    public StillEngine()
    {
        Engine = new EngineUnderTest();
        Engine.SkiffWithInput(BusyboxImage.Tar, "import", "-c", "CMD [\"sh\"]", "-m", "made", "-", "busybox:latest").Expect();
        Engine
            .Skiff([
                "run",
                "-d",
                "--name",
                "c1",
                "-e",
                "A=1",
                "-e",
                "B=2",
                "-l",
                "k=v",
                "-l",
                "a.b=c",
                "--expose",
                "99",
                "-v",
                "/tmp:/mnt:ro",
                "--tmpfs",
                "/x",
                "-m",
                "64m",
                "busybox",
                "sleep",
                "1000",
            ])
            .Expect();
        Engine.Skiff("create", "--name", "c2", "busybox", "true").Expect();
        Engine
            .Skiff("run", "--name", "c3", "--log-opt", "tag=t", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3")
            .Expect(3);
    }

    public EngineUnderTest Engine { get; }

    public void Dispose() => Engine.Dispose();
}

public sealed partial class SameOutputTests(StillEngine still) : IClassFixture<StillEngine>
{
    [Fact]
    public void Templates_over_inspect() =>
        Compare(
            """
            {{.Id}}
            {{.ID}}
            {{.State.Status}} {{.State.Running}} {{.State.Pid}}
            {{json .}}
            {{json .State}} {{json .Config.Env}} {{.Config.Env}} {{.Config.Labels}} {{.Config.Cmd}}
            {{.HostConfig.Memory}} {{.HostConfig.PortBindings}} {{.HostConfig.RestartPolicy}} {{.HostConfig.Binds}} {{.HostConfig.CapAdd}}
            {{.HostConfig.Tmpfs}} {{.HostConfig.PidsLimit}} {{.HostConfig.MemorySwappiness}} {{.HostConfig.LogConfig}} {{.HostConfig.Init}}
            {{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}
            {{(index .NetworkSettings.Networks "bridge").IPAddress}}
            {{index .Config.Labels "k"}} {{index .Config.Labels "a.b"}} {{index .Config.Labels "nope"}} {{index .Config.Env 0}}
            {{index .Config.Env 99}}
            {{range .Config.Env}}{{println .}}{{end}}
            {{range $i, $e := .Config.Env}}{{$i}}:{{$e}},{{end}}
            {{join .Config.Env ","}} {{split .Name "/"}} {{range split .Name "/"}}[{{.}}]{{end}}
            {{upper .Name}} {{lower .Name}} {{title "hello world"}} {{pad .Name 2 2}}| {{truncate .Id 5}}
            {{len .Config.Env}} {{len .Name}} {{len .Config.Labels}}
            {{printf "%s-%d-%v-%q-%t" .Name 5 .State.Running .Name true}} {{printf "%5d|%-5d|%05d" 3 3 3}}
            {{printf "%x %X %o %b %c %e %f %.2f %g" 255 255 8 5 65 1.5 1.5 1.555 1.5}}
            {{printf "%d" "x"}} {{printf "%s" 5}} {{printf "%d %d" 1}} {{printf "%d" 1 2}} {{printf "%+v" .State.Health}}
            {{print 1 2 "a" "b" 3}} {{println 1 2}} {{eq 1 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 1}}
            {{eq .Name "/c1" "/c2"}} {{lt "a" "b"}} {{and 1 0 2}} {{or 0 3}} {{not 1}} {{not ""}}
            {{eq 1 "a"}}
            {{if and .State.Running (not .State.Paused)}}up{{else if .State.Paused}}p{{else}}x{{end}}
            {{with .Config}}{{.Hostname}} {{$.Name}}{{end}} {{with .State.Health}}h{{else}}none{{end}}
            {{$x := .Name}}{{$y := len $x}}{{$x}}:{{$y}} {{slice .Id 0 12}} {{slice .Id 2}} {{slice .Config.Env 0 1}}
            {{.State.Health}} {{.SizeRw}} {{.Config.Healthcheck}} {{.NetworkSettings.Ports}} {{.Config.ExposedPorts}}
            {{.Nope}}
            {{.State.Nope}}
            {{nope}}
            {{.Name
            {{if}}x{{end}}
            {{end}}
            {{if .Name}}x
            {{/* c */}}x {{- .Name -}} x {{"quoted \"x\""}} {{`raw \n`}} {{'a'}} {{1.5}} {{0x10}} {{-3}} {{true}}
            {{json "a<b>&"}} {{json 5}} {{json true}} {{html "<a>"}} {{urlquery "a b&c"}} {{js "a'b"}}
            {{.Config.Env | json}} {{.Name | upper | printf "%s!"}} {{.State.ExitCode | printf "%03d"}}
            {{range $i := .Config.Env}}{{if eq $i "A=1"}}{{continue}}{{end}}{{$i}};{{end}} {{range .Config.Env}}{{break}}{{end}}done
            {{range 3}}{{.}}{{end}} {{define "x"}}X{{.}}{{end}}{{template "x" .Name}} {{block "y" .Name}}Y{{.}}{{end}}
            {{range .Mounts}}{{.Source}}:{{.Destination}} {{.RW}}{{end}} {{json .Mounts}} {{.GraphDriver.Data.UpperDir}}
            {{json .HostConfig}} {{json .NetworkSettings}}
            """.Split('\n').Select(t => new[] { "inspect", "-f", t.Trim(), "c1" })
        );

    [Fact]
    public void Lists() =>
        Compare(
            """
            ps
            ps -a
            ps -aq
            ps -a --no-trunc
            ps -n 1
            ps -l
            ps -a --format json
            ps -a --format {{json;.}}
            ps -a --format table
            ps -a --format table;{{.Names}}\t{{.Status}}\t{{json;.State}}
            ps -a --format {{.Names}};{{.Label;"k"}};{{upper;.State}};{{.Ports}};{{.Mounts}};{{.Networks}};{{.Platform}}
            ps -a --format raw
            ps -a --format {{.Foo}}
            ps -a --format {{bad}}
            ps -a -f name=c1
            ps -a -f status=foo
            ps -a -f foo=x
            ps -a -f exited=3
            ps -a -f exited=x
            ps -a -f health=none
            ps -a -f health=foo
            ps -a -f expose=99
            ps -a -f expose=80-100/tcp
            ps -a -f publish=80
            ps -a -f is-task=false
            ps -a -f is-task=x
            ps -a -f volume=/tmp
            ps -a -f volume=/mnt
            ps -a -f isolation=default
            ps -a -f network=bridge
            ps -a -f before=c2
            ps -a -f since=nope
            ps -a -f ancestor=busybox
            images
            images -a
            images --digests
            images -q
            images --no-trunc
            images nope
            images --format json
            images --format raw
            images -f foo=x
            history busybox
            history -q busybox
            history --format json busybox
            network ls
            network ls -q
            network ls --format json
            network ls --format raw
            network ls -f foo=x
            volume ls
            volume ls -q
            """
        );

    [Fact]
    public void Looking_at_one_thing() =>
        Compare(
            """
            inspect c1
            inspect c1 nope
            inspect --type image c1
            inspect -f {{.Id}} c1 nope c2
            container inspect c3
            image inspect busybox
            network inspect bridge
            network inspect nope
            logs c3
            logs -n 1 c3
            logs -t c3
            logs --details c3
            logs nope
            logs --since bad c3
            logs
            top c1
            top c1 -o pid,comm
            top c1 aux
            top c1 -o comm
            top c2
            port c1
            port nope
            stats --no-stream c2
            stats --no-stream --format json c2 c3
            stats --no-stream nope
            wait c3
            system df
            system df -v
            system df --format json
            system df --format {{.Type}};{{.TotalCount}};{{.Active}};{{.Size}};{{.Reclaimable}}
            events --since 1h --until 0s -f container=c3
            events --since 1h --until 0s -f container=c3 --format json
            events --since 1h --until 0s -f container=c3 --format {{.Type}};{{.Action}};{{.Actor.Attributes.name}}
            version -f {{.Server.Version}};{{.Client.Context}}
            info -f {{.ServerVersion}};{{.Driver}};{{json;.Plugins}};{{.SecurityOptions}};{{.Labels}};{{.Warnings}}
            """
        );

    [Fact]
    public void What_would_be_pruned_is_asked_first_and_no_answer_is_no() =>
        Compare(
            """
            container prune
            image prune
            image prune -a
            network prune
            volume prune
            system prune
            system prune -a --volumes
            container prune -f --filter foo=x
            image prune -f
            """
        );

    [Fact]
    public void Failures() =>
        Compare(
            """
            stop nope
            rm nope
            rm c1
            start nope
            kill c2
            kill -s FOO c1
            pause c2
            unpause c1
            rename c1 c2
            rename nope x
            restart nope
            attach c2
            exec c2 ls
            exec nope ls
            rmi nope
            tag nope x
            save nope
            run --nope
            ps --nope
            ps extra
            nope
            container nope
            create --log-driver foo busybox
            create --log-opt foo=1 busybox
            create --log-driver none --log-opt a=b busybox
            """
        );

    /// <summary>One command a line; a semicolon stands for a space inside of an argument.</summary>
    void Compare(string commands) =>
        Compare(
            commands
                .Split('\n')
                .Select(l =>
                    l.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Replace(';', ' ')).ToArray()
                )
        );

    void Compare(IEnumerable<string[]> commands)
    {
        var differences = new StringBuilder();
        foreach (string[] command in commands)
        {
            // The two run at the same time: what they tell of ages is the same.
            var ours = Task.Run(() => still.Engine.Client("skiff", command, null));
            var dockers = Task.Run(() => still.Engine.Client("docker", command, null));
            Task.WaitAll(ours, dockers);
            string own = Shown(ours.Result);
            string expected = Shown(dockers.Result);
            if (own != expected)
                differences.Append($"### {string.Join(' ', command)}\n--- skiff\n{own}\n--- docker\n{expected}\n");
        }
        Assert.True(differences.Length == 0, differences.ToString());
    }

    static string Shown(Result result)
    {
        string text = $"exit {result.ExitCode}\n{result.Output}\n{result.Errors}";
        text = Ages().Replace(text, "AGE");
        text = Spaces().Replace(text, " ");
        return Names().Replace(text, "CLIENT");
    }

    [GeneratedRegex(@"\d+ (seconds?|minutes?|hours?)|Less than a second|About an? (minute|hour)|""SystemTime"":""[^""]*""")]
    private static partial Regex Ages();

    // The width of a column depends on the age in it.
    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\b(docker|skiff)\b")]
    private static partial Regex Names();
}
