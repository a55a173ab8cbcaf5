// Error answers of registries.
using System.Text;
using Skiff.Oci.Distribution;
using Xunit;

namespace Skiff.Tests.Oci.Distribution;

public sealed class RegistryErrorTests
{
    static IReadOnlyList<RegistryError> Parse(string json) => RegistryError.Parse(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Writes_errors_as_docker_does()
    {
        var errors = Parse("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}""");
        Assert.Equal("manifest unknown: manifest unknown", Assert.Single(errors).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"errors":null}""")]
    [InlineData("""{"errors":[null,{"code":""}]}""")]
    [InlineData("""{"errors":"x"}""")]
    public void Finds_none_in_other_answers(string body) => Assert.Empty(Parse(body));

    [Fact]
    public void Keeps_foreign_text_on_one_line_and_short()
    {
        var error = Assert.Single(Parse("""{"errors":[{"code":"DENIED","message":"a\n\u001b[31mb"}]}"""));
        Assert.Equal("denied: a  [31mb", error.ToString());
        Assert.Equal(1000, new RegistryError("X", new string('y', 5000)).ToString().Length);
    }
}
