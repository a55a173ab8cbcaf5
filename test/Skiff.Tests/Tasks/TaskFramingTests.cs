// Messages between engine and shim, there and back.
using System.Text;
using System.Text.Json;
using Skiff.Tasks;
using Xunit;

namespace Skiff.Tests.Tasks;

public sealed class TaskFramingTests
{
    public static TheoryData<TaskRequest> Requests =>
        [
            new StartRequest(),
            new ExecRequest("e", """{"args":["a"]}""", OpenStdin: true),
            new AttachRequest(null, Stdin: true, Stdout: false, Stderr: true),
            new WaitRequest("e"),
            new KillRequest(null, 9, All: true),
            new ResizeRequest(null, 24, 80),
            new PauseRequest(Resume: true),
            new StateRequest(),
            new ShutdownRequest(),
        ];

    [Theory]
    [MemberData(nameof(Requests), DisableDiscoveryEnumeration = true)]
    public void A_request_comes_out_as_it_went_in(TaskRequest request)
    {
        byte[] bytes = TaskFraming.Encode(request, TaskJson.Default.TaskRequest);
        Assert.Equal(bytes.Length - 4, TaskFraming.ReadLength(bytes));
        Assert.Equal(request, TaskFraming.Decode(bytes.AsSpan(4), TaskJson.Default.TaskRequest));
    }

    [Fact]
    public void An_answer_comes_out_as_it_went_in()
    {
        var exit = new ExitAnswer(137, OomKilled: true, DateTimeOffset.UnixEpoch.AddTicks(12345));
        TaskAnswer answer = new StateAnswer(Skiff.Tasks.TaskStatus.Stopped, 12, 34, exit);
        byte[] bytes = TaskFraming.Encode(answer, TaskJson.Default.TaskAnswer);
        Assert.Equal(answer, TaskFraming.Decode(bytes.AsSpan(4), TaskJson.Default.TaskAnswer));
    }

    [Fact]
    public void The_wire_form_is_the_documented_one()
    {
        byte[] bytes = TaskFraming.Encode(new WaitRequest("x"), TaskJson.Default.TaskRequest);
        Assert.Equal([0, 0, 0, 26, .. """{"do":"wait","ExecId":"x"}"""u8], bytes);
    }

    [Fact]
    public void A_length_beyond_the_limit_is_refused() =>
        Assert.Throws<InvalidDataException>(() => TaskFraming.ReadLength([0xff, 0xff, 0xff, 0xff]));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"do":"dance"}""")]
    [InlineData("[")]
    public void What_is_no_message_is_refused(string json)
    {
        Exception? refused = Record.Exception(
            () => TaskFraming.Decode(Encoding.UTF8.GetBytes(json), TaskJson.Default.TaskRequest)
        );
        Assert.True(refused is JsonException or NotSupportedException, refused?.ToString());
    }

    [Fact]
    public void Output_has_its_stream_and_length_in_front()
    {
        byte[] header = new byte[8];
        TaskFraming.WriteStdioHeader(header, TaskFraming.Stderr, 0x01020304);
        Assert.Equal([2, 0, 0, 0, 1, 2, 3, 4], header);
    }
}
