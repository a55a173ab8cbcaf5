// The language of --format.
using System.Text.Json;
using Skiff.Cli.Output;
using Xunit;

namespace Skiff.Tests.Cli.Output;

public sealed class GoTemplateTests
{
    const string Sample = """
        {"Name":"/web","State":{"Status":"running","Pid":42,"Paused":false},"Config":{"Cmd":["a","b"],"Labels":{"z":"1","a":"2"},
        "Entrypoint":null,"Volumes":null},"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"81/tcp":null},"Empty":[],"Real":1.5}
        """;

    static string Run(string template)
    {
        using var document = JsonDocument.Parse(Sample);
        return GoTemplate.Parse(template).Run(new GoJson(document.RootElement, ""));
    }

    [Theory]
    [InlineData("{{.Name}}", "/web")]
    [InlineData("a {{ .State.Pid }} b", "a 42 b")]
    [InlineData("{{json .State}}", """{"Status":"running","Pid":42,"Paused":false}""")]
    [InlineData("{{.State}}", "{running 42 false}")]
    [InlineData("{{.Config.Cmd}} {{.Config.Labels}} {{.Config.Entrypoint}} {{.Config.Volumes}}", "[a b] map[a:2 z:1] [] map[]")]
    [InlineData("{{index .Config.Labels \"a\"}}{{index .Config.Cmd 1}}", "2b")]
    [InlineData("{{(index (index .Ports \"80/tcp\") 0).HostPort}}", "8080")]
    [InlineData("{{range .Config.Cmd}}<{{.}}>{{end}}", "<a><b>")]
    [InlineData("{{range $i, $c := .Config.Cmd}}{{$i}}={{$c}},{{end}}", "0=a,1=b,")]
    [InlineData("{{range $k, $v := .Config.Labels}}{{$k}}:{{$v}} {{end}}", "a:2 z:1 ")]
    [InlineData("{{range .Empty}}x{{else}}none{{end}}", "none")]
    [InlineData("{{if .State.Paused}}p{{else if eq .State.Pid 42}}q{{else}}r{{end}}", "q")]
    [InlineData("{{with .State}}{{.Pid}}{{$.Name}}{{end}}", "42/web")]
    [InlineData("{{$x := .State.Pid}}{{$x}}", "42")]
    [InlineData("{{join .Config.Cmd \", \"}}", "a, b")]
    [InlineData("{{split .Name \"e\"}} {{len .Config.Cmd}} {{len .Name}}", "[/w b] 2 4")]
    [InlineData("{{.Name | upper | printf \"%q\"}}", "\"/WEB\"")]
    [InlineData("{{printf \"%-6s|%4d|%x|%%\" .Name .State.Pid 255}}", "/web  |  42|ff|%")]
    [InlineData("{{eq .State.Status \"a\" \"running\"}} {{ne 1 2}} {{lt 1 2}} {{ge 1 2}}", "true true true false")]
    [InlineData("{{and .Name .State.Paused}} {{or .Empty .Name}} {{not .State.Paused}}", "false /web true")]
    [InlineData("{{slice .Name 1 3}} {{truncate .Name 2}} {{title \"ab\"}} {{pad \"x\" 1 2}}|", "we /w Ab  x  |")]
    [InlineData("a {{- \" b \" -}} c {{/* nothing */}}d", "a b c d")]
    [InlineData("{{println \"x\" 1}}{{print `a\\b`}}", "x 1\na\\b")]
    [InlineData("{{.Real}}", "1.5")]
    [InlineData("{{json \"<&>\"}}", "\"<&>\"")]
    [InlineData("{{range .Config.Cmd}}{{if eq . \"a\"}}{{continue}}{{end}}{{.}}{{break}}{{end}}", "b")]
    [InlineData("{{range 3}}{{.}}{{end}}", "012")]
    [InlineData("{{define \"x\"}}<{{.}}>{{end}}{{template \"x\" .Name}}{{block \"y\" .State}}{{.Pid}}{{end}}", "</web>42")]
    [InlineData("{{print 1 2 \"a\" \"b\" 3}} {{'a'}} {{slice .Config.Cmd 1}}", "1 2ab3 97 [b]")]
    [InlineData("{{.State.Health}} {{with .State.Health}}h{{else}}none{{end}} {{.SizeRw}}", "<nil> none <nil>")]
    [InlineData("{{index .Config.Labels \"nope\"}}|{{.Ports}}", "|map[80/tcp:[{0.0.0.0 8080}] 81/tcp:[]]")]
    [InlineData("{{html \"<a>\"}} {{urlquery \"a b&c\"}} {{js \"a'b\"}}", "&lt;a&gt; a+b%26c a\\'b")]
    [InlineData(
        "{{printf \"%o %b %c %e %.2f %g %T %5d|%-5d|%05d|%+d\" 8 5 65 1.5 1.5 1.5 .Name 3 3 -3 3}}",
        "10 101 A 1.500000e+00 1.50 1.5 string     3|3    |-0003|+3"
    )]
    [InlineData("{{printf \"%d %s %d\" \"x\" 5}}", "%!d(string=x) %!s(int=5) %!d(MISSING)")]
    [InlineData("{{printf \"%d\" 1 2}} {{printf \"%q %.2s\" .Config.Cmd .Name}}", "1%!(EXTRA int=2) [\"a\" \"b\"] /w")]
    public void Evaluates(string template, string expected) => Assert.Equal(expected, Run(template));

    [Theory]
    [InlineData("{{foo}}", "function \"foo\" not defined")]
    [InlineData("{{.Name", "unclosed action")]
    [InlineData("{{if .Name}}", "unexpected EOF")]
    [InlineData("{{end}}", "unexpected {{end}}")]
    [InlineData("{{\"x}}", "unterminated quoted string")]
    [InlineData("{{}}", "missing value for command")]
    [InlineData("{{if}}x{{end}}", "missing value for if")]
    [InlineData("{{break}}", "{{break}} outside {{range}}")]
    [InlineData("{{(.Name}}", "unclosed left paren")]
    public void Refuses_what_is_no_template(string template, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => GoTemplate.Parse(template)).Message);

    [Theory]
    [InlineData("{{.Nope}}", "template: :1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\"")]
    [InlineData("a\n {{.State.Nope}}", "template: :2:9: executing \"\" at <.State.Nope>: map has no entry for key \"Nope\"")]
    [InlineData("{{.Name.Nope}}", "can't evaluate field Nope in type string")]
    [InlineData("{{index .Config.Cmd 9}}", "at <index .Config.Cmd 9>: error calling index: index out of range: 9")]
    [InlineData("{{template \"x\"}}", "template \"x\" not defined")]
    [InlineData("{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}", "exceeded maximum template depth")]
    [InlineData("{{nil}}", "nil is not a command")]
    [InlineData("{{lt 1 \"a\"}}", "incompatible types")]
    [InlineData("{{join .Name}}", "wrong number of args")]
    public void Says_what_went_wrong(string template, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Run(template)).Message);

    [Fact]
    public void Survives_any_cut_of_a_template()
    {
        const string Whole =
            "{{range $k, $v := .Ports}}{{if $v}}{{(index $v 0).HostPort | printf \"%q\"}}{{else}}-{{end}}{{end}}";
        for (int length = 0; length <= Whole.Length; length++)
            try
            {
                Run(Whole[..length]);
            }
            catch (FormatException)
            {
                // The only way to fail.
            }
    }
}
