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
            new UpdateRequest("""{"pids":{"limit":3}}"""),
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
        Assert.Equal(request, TaskReader.ReadRequest(bytes.AsMemory(4)));
    }

    static readonly ExitAnswer Exit = new(137, OomKilled: true, DateTimeOffset.UnixEpoch.AddTicks(12345));

    public static TheoryData<TaskAnswer> Answers =>
        [
            new DoneAnswer(),
            new StartedAnswer(12, 34),
            Exit,
            new StateAnswer(Skiff.Tasks.TaskStatus.Stopped, 12, 34, Exit),
            new StateAnswer(Skiff.Tasks.TaskStatus.Created, 0, 0, null),
            new FailedAnswer(FailureKind.CommandNotFound, "exec: \"x\": executable file not found in $PATH"),
        ];

    [Theory]
    [MemberData(nameof(Answers), DisableDiscoveryEnumeration = true)]
    public void An_answer_comes_out_as_it_went_in_and_the_shim_writes_it_as_the_context_does(TaskAnswer answer)
    {
        byte[] bytes = TaskWriter.Encode(answer);
        Assert.Equal(answer, TaskFraming.Decode(bytes.AsSpan(4), TaskJson.Default.TaskAnswer));
        Assert.Equal(TaskFraming.Encode(answer, TaskJson.Default.TaskAnswer), bytes);
    }

    [Fact]
    public void The_shim_reads_its_options_as_the_context_writes_them()
    {
        var options = new TaskOptions
        {
            Id = "i",
            RuntimePath = "/r",
            OpenStdin = true,
            StdinOnce = true,
            LogPath = "/l",
            LogFormat = "local",
            LogAttributes = """{"a":"b"}""",
            LogMaxSizeBytes = 5,
            LogMaxFiles = 6,
        };
        Assert.Equal(options, TaskReader.ReadOptions(JsonSerializer.SerializeToUtf8Bytes(options, TaskJson.Default.TaskOptions)));
        Assert.Equal(new TaskOptions { Id = "i" }, TaskReader.ReadOptions("""{"Id":"i"}"""u8.ToArray()));
    }

    [Fact]
    public void The_engine_reads_the_exit_record_as_the_shim_writes_it()
    {
        var record = new ExitRecord(3, OomKilled: false, DateTimeOffset.UnixEpoch.AddDays(20000));
        byte[] json = TaskWriter.Encode(record);
        Assert.Equal(JsonSerializer.SerializeToUtf8Bytes(record, TaskJson.Default.ExitRecord), json);
        Assert.Equal(record, JsonSerializer.Deserialize(json, TaskJson.Default.ExitRecord));
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
    [InlineData("""{"do":"kill","Signal":"nine"}""")]
    [InlineData("""{"do":"kill"}""")]
    [InlineData("""{"do":"resize","Rows":70000,"Columns":1}""")]
    [InlineData("""{"do":"exec","ExecId":7}""")]
    public void What_is_no_message_is_refused(string json)
    {
        Assert.ThrowsAny<JsonException>(() => TaskReader.ReadRequest(Encoding.UTF8.GetBytes(json)));
    }

    [Fact]
    public void Output_has_its_stream_and_length_in_front()
    {
        byte[] header = new byte[8];
        TaskFraming.WriteStdioHeader(header, TaskFraming.Stderr, 0x01020304);
        Assert.Equal([2, 0, 0, 0, 1, 2, 3, 4], header);
    }
}
