// Log drivers and their options: what is taken, what is refused and how.
using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Oci.Names;

namespace Skiff.Tests.Engine.Containers;

public sealed class LogSettingsTests
{
    static Dictionary<string, string> Options(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=', 2)).ToDictionary(o => o[0], o => o[1]);

    [Theory]
    [InlineData("json-file", "", 20L << 20, 5)]
    [InlineData("json-file", "max-size=10k max-file=2", 10L << 10, 2)]
    [InlineData("local", "max-size=1gb", 1L << 30, 5)]
    [InlineData("local", "max-size=-1", long.MaxValue, 5)]
    [InlineData("none", "", long.MaxValue, 1)]
    [InlineData("json-file", "mode=non-blocking max-buffer-size=4m compress=false", 20L << 20, 5)]
    public void Limits_are_read(string driver, string options, long size, int files) =>
        Assert.Equal(new LogSettings(driver, size, files), LogSettings.Parse(driver, Options(options)));

    [Theory]
    [InlineData("foo", "", "error looking up logging plugin foo: plugin \"foo\" not found")]
    [InlineData("json-file", "foo=1", "unknown log opt 'foo' for json-file log driver")]
    [InlineData("local", "labels=a", "unknown log opt 'labels' for log driver local")]
    [InlineData("json-file", "mode=x", "logger: logging mode not supported: x")]
    [InlineData("json-file", "max-buffer-size=1m", "logger: max-buffer-size option is only supported with 'mode=non-blocking'")]
    [InlineData("json-file", "mode=non-blocking max-buffer-size=x", "error parsing option max-buffer-size: invalid size: 'x'")]
    [InlineData("json-file", "max-size=-5", "error parsing option max-size: invalid size: '-5'")]
    [InlineData("json-file", "max-size=99999999999999g", "error parsing option max-size: invalid size: '99999999999999g'")]
    [InlineData("json-file", "max-file=0", "max-file cannot be less than 1: 0")]
    [InlineData("json-file", "labels-regex=(", "invalid value for labels-regex: (")]
    [InlineData("json-file", "tag={{.Nope}}", "invalid log tag \"{{.Nope}}\": can't evaluate field Nope")]
    public void Nonsense_is_refused_in_dockers_words(string driver, string options, string message)
    {
        var e = Assert.Throws<EngineException>(() => LogSettings.Parse(driver, Options(options)));
        Assert.Equal((ErrorKind.InvalidParameter, message), (e.Kind, e.Message));
    }

    [Theory]
    [InlineData("syslog", "", "--log-driver syslog")]
    [InlineData("json-file", "compress=true", "--log-opt compress=true")]
    public void What_is_not_supported_is_named(string driver, string options, string named)
    {
        var e = Assert.Throws<EngineException>(() => LogSettings.Parse(driver, Options(options)));
        Assert.Equal(ErrorKind.NotImplemented, e.Kind);
        Assert.StartsWith(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_engines_options_are_for_its_own_driver()
    {
        var engine = new EngineOptions { LogDriver = "local", LogOptions = Options("max-size=1m max-file=2") };
        var (driver, options) = LogSettings.Of("", Options("max-file=3"), engine);
        Assert.Equal(("local", "1m", "3"), (driver, options["max-size"], options["max-file"]));
        Assert.Empty(LogSettings.Of("json-file", Options(""), engine).Options);
    }

    [Fact]
    public void Labels_environment_and_tag_stand_in_every_entry()
    {
        var container = new Container
        {
            Id = new string('7', 64),
            Name = "box",
            Created = DateTimeOffset.UnixEpoch,
            ImageName = "busybox",
            ImageId = Digest.Parse("sha256:" + new string('a', 64)),
            Config = new ContainerConfig
            {
                Env = ["A=1", "AB=2", "C=3"],
                Labels = new Dictionary<string, string>
                {
                    ["x"] = "y",
                    ["com.z"] = "w",
                    ["other"] = "o",
                },
            },
            Host = new HostSettings
            {
                LogOptions = Options("labels=x,none labels-regex=^com env=C env-regex=^A tag={{.Name}}/{{.ID}}"),
            },
        };
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["x"] = "y",
                ["com.z"] = "w",
                ["A"] = "1",
                ["AB"] = "2",
                ["C"] = "3",
                ["tag"] = "box/777777777777",
            },
            LogSettings.AttributesOf(container)
        );
    }
}
