// skiff login: checks credentials for a registry and keeps them.
using System.Text;
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class LoginCommand : Command
{
    readonly StringFlag user,
        password;
    readonly BoolFlag passwordStdin;

    public LoginCommand()
    {
        password = Flags.String("password", "Password or token (other users can see it: better --password-stdin)", 'p');
        passwordStdin = Flags.Bool("password-stdin", "Read the password or token from stdin");
        user = Flags.String("username", "User name", 'u');
    }

    public override string Usage => "[OPTIONS] [SERVER]";
    public override string Summary => "Log in to a registry; to Docker Hub if none is named";
    public override IReadOnlyList<string> Examples =>
        ["login registry.example:5000", "login -u ada --password-stdin registry.example < token"];
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string key = CliConfig.KeyOf(arguments.Count == 1 ? Host(arguments[0]) : "docker.io");
        if (password.IsSet && passwordStdin)
            throw new CliException("--password and --password-stdin are mutually exclusive");
        if (passwordStdin && !user.IsSet)
            throw new CliException("Must provide --username with --password-stdin");
        if (password.IsSet)
            CliContext.Warn("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
        string name = user.Given ?? Prompt("Username: ", hidden: false);
        string secret =
            password.Given
            ?? (passwordStdin ? ReadLine(hidden: false, toEnd: true).TrimEnd('\r', '\n') : Prompt("Password: ", hidden: true));
        if (name.Length == 0 || secret.Length == 0)
            throw new CliException("Error: Password Required");
        var auth = new AuthConfig
        {
            Username = name,
            Password = secret,
            ServerAddress = key,
        };
        var answer = context.Engine.Post(
            "/auth",
            EngineClient.Json(auth, DockerJson.Wire.AuthConfig),
            DockerJson.Wire.AuthAnswer
        );
        context.Config.Store(
            key,
            answer.IdentityToken is { Length: > 0 } token ? auth with { Password = "", IdentityToken = token } : auth
        );
        if (context.Config.KeepsInFile(key))
            CliContext.Warn(
                $"WARNING: the password is kept, not encrypted, in {context.Config.Path}. A credential helper (credsStore in that file) would keep it better."
            );
        CliContext.PrintLine(answer.Status is { Length: > 0 } status ? status : "Login Succeeded");
        return 0;
    }

    public static string Host(string server)
    {
        int scheme = server.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? server : server[(scheme + 3)..];
        int slash = rest.IndexOf('/');
        return slash < 0 ? rest : rest[..slash];
    }

    static string Prompt(string question, bool hidden)
    {
        if (!Stdio.In.IsTerminal)
            throw new CliException("Error: Cannot perform an interactive login from a non TTY device");
        CliContext.Print(question);
        using var raw = hidden ? new RawTerminal() : null;
        string answer = ReadLine(hidden, toEnd: false);
        if (hidden)
            CliContext.Print("\r\n");
        return answer;
    }

    // A byte at a time: what follows the line is not ours.
    static string ReadLine(bool hidden, bool toEnd)
    {
        var bytes = new List<byte>();
        Span<byte> one = stackalloc byte[1];
        while (bytes.Count < 64 << 10 && Stdio.In.Read(one) == 1)
        {
            byte key = one[0];
            if (hidden && key == 3)
                throw new CliException("", 130);
            if (!toEnd && (key is (byte)'\n' or (byte)'\r') || hidden && key == 4)
                break;
            if (hidden && (key is 127 or 8))
            {
                if (bytes.Count > 0)
                    bytes.RemoveAt(bytes.Count - 1);
                continue;
            }
            bytes.Add(key);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
