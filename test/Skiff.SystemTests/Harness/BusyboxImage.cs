// A small real image: Debian's static busybox with its applets.
using System.Formats.Tar;

namespace Skiff.SystemTests.Harness;

public static class BusyboxImage
{
    /// <summary>The root file system as a tar.</summary>
    public static byte[] Tar { get; } = Make();

    static byte[] Make()
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (
                string directory in (string[])
                    ["bin/", "dev/", "etc/", "home/", "proc/", "root/", "run/", "sys/", "tmp/", "usr/", "var/"]
            )
                tar.WriteEntry(Entry(TarEntryType.Directory, directory, directory == "tmp/" ? 0x3ff : 0x1ed));
            WriteFile(tar, "bin/busybox", File.ReadAllBytes("/bin/busybox"), 0x1ed);
            WriteFile(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsailor:x:1000:1000::/home:/bin/sh\n"u8.ToArray(), 0x1a4);
            WriteFile(tar, "etc/group", "root:x:0:\ncrew:x:500:sailor\nsailor:x:1000:\n"u8.ToArray(), 0x1a4);
            WriteFile(tar, "etc/notes", "not a program\n"u8.ToArray(), 0x1a4);
            foreach (string applet in Command.Run("/bin/busybox", "--list").Expect().Text.Split('\n'))
            {
                if (applet == "busybox")
                    continue;
                var link = Entry(TarEntryType.SymbolicLink, "bin/" + applet, 0x1ff);
                link.LinkName = "busybox";
                tar.WriteEntry(link);
            }
        }
        return bytes.ToArray();
    }

    static PaxTarEntry Entry(TarEntryType type, string name, int mode) =>
        new(type, name) { Mode = (UnixFileMode)mode, ModificationTime = DateTimeOffset.UnixEpoch };

    static void WriteFile(TarWriter tar, string name, byte[] content, int mode)
    {
        var entry = Entry(TarEntryType.RegularFile, name, mode);
        entry.DataStream = new MemoryStream(content);
        tar.WriteEntry(entry);
    }
}
