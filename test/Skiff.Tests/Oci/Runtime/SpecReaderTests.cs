// The hand-written reader of config.json against the generated one.
using System.Collections;
using System.Reflection;
using System.Text.Json;
using Skiff.Oci.Runtime;
using Xunit;

namespace Skiff.Tests.Oci.Runtime;

public sealed class SpecReaderTests
{
    [Fact]
    public void Reads_every_member_that_the_types_have()
    {
        var full = (Spec)Fill(typeof(Spec), 1)!;
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(full, RuntimeJson.Default.Spec);

        Spec read = SpecReader.Read(json);

        Assert.Equal(System.Text.Encoding.UTF8.GetString(json), JsonSerializer.Serialize(read, RuntimeJson.Default.Spec));
    }

    [Fact]
    public void Absent_members_stay_absent()
    {
        Spec read = SpecReader.Read("""{"root":{"path":"r"},"process":{"args":["x"]},"more":[1],"linux":null}"""u8.ToArray());
        Assert.Equal(
            """
            {"ociVersion":"1.2.1","root":{"path":"r","readonly":false},"process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["x"],"cwd":"/","noNewPrivileges":false}}
            """,
            JsonSerializer.Serialize(read, RuntimeJson.Default.Spec)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"root\":{}}")]
    [InlineData("{\"hostname\":7}")]
    [InlineData("{\"process\":{\"user\":{\"uid\":-1}}}")]
    [InlineData("{\"process\":{\"args\":[null]}}")]
    [InlineData("{\"process\":{\"args\":\"sh\"}}")]
    public void Refuses_what_is_malformed(string json) =>
        Assert.ThrowsAny<JsonException>(() => SpecReader.Read(System.Text.Encoding.UTF8.GetBytes(json)));

    /// <summary>A value with every property set, each number another.</summary>
    static object? Fill(Type type, int seed)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return $"text{seed}";
        if (type == typeof(bool))
            return true;
        if (type.IsPrimitive)
            return Convert.ChangeType(seed, type, System.Globalization.CultureInfo.InvariantCulture);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            Type value = type.GetGenericArguments()[1];
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), value))!;
            map[$"key{seed}"] = Fill(value, seed + 1);
            return map;
        }
        if (type.IsGenericType)
        {
            Type item = type.GetGenericArguments()[0];
            var items = Array.CreateInstance(item, 2);
            items.SetValue(Fill(item, seed + 1), 0);
            items.SetValue(Fill(item, seed + 2), 1);
            return items;
        }
        object made = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties().Where(p => p.CanWrite))
            property.SetValue(made, Fill(property.PropertyType, ++seed));
        return made;
    }
}
