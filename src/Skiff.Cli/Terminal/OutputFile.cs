// Where an archive goes: a file that is whole or not there, or stdout.
namespace Skiff.Cli.Terminal;

internal static class OutputFile
{
    /// <param name="path">null: stdout</param>
    public static void Write(Stream content, string? path)
    {
        if (path is null)
        {
            content.CopyTo(Stdio.Out, 1 << 17);
            return;
        }
        // Under another name until it is whole: a failure leaves no archive that looks like one.
        string partial = path + ".part";
        try
        {
            using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write))
                content.CopyTo(file, 1 << 17);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
