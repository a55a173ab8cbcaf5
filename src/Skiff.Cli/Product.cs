// What this program calls itself.
namespace Skiff.Cli;

internal static class Product
{
    public const string Version = ThisBuild.Version;
    public const string Commit = ThisBuild.Commit;
    public static string ShortCommit => Commit.Length > 7 ? Commit[..7] : Commit;
}
