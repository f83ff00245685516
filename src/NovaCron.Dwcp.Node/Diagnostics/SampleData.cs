using System.Text;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>Seeded data in the proportions of a small virtual machine's disk: a quarter each of zero pages, log text, table rows and incompressible bytes.</summary>
internal static class SampleData
{
    public const string Name = "seeded VM mix: 1/4 zero pages, 1/4 log lines, 1/4 table rows, 1/4 random";

    /// <summary>The same bytes for the same length and seed.</summary>
    public static byte[] Create(int length, int seed)
    {
        var data = new byte[length];
        var random = new Random(seed);
        var quarter = length / 4;
        FillLog(data.AsSpan(quarter, quarter), random);
        FillRows(data.AsSpan(2 * quarter, quarter), random);
        random.NextBytes(data.AsSpan(3 * quarter));
        return data;
    }

    public const string InternetName = "internet sample: 1/2 program files of this image, 1/4 log lines, 1/4 table rows";

    /// <summary>
    /// What crosses the internet, as far as a pod has it: programs as on a disk image (this one's own, in order of name), a log, a table. No zero pages and no noise,
    /// which say nothing about a codec.
    /// </summary>
    public static byte[] CreateInternet(int length, int seed)
    {
        var data = new byte[length];
        var random = new Random(seed);
        var programs = data.AsSpan(0, length / 2);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Order(StringComparer.Ordinal))
        {
            using var stream = File.OpenRead(file);
            programs = programs[stream.ReadAtLeast(programs, programs.Length, throwOnEndOfStream: false)..];
            if (programs.IsEmpty) break;
        }

        // A single-file build has no libraries beside it; what is missing is no data to be saved.
        if (!programs.IsEmpty) throw new DwcpNodeException($"{AppContext.BaseDirectory} holds less than {length >> 1} bytes of libraries, so that there is no internet sample.");
        FillLog(data.AsSpan(length / 2, length / 4), random);
        FillRows(data.AsSpan(length * 3 / 4), random);
        return data;
    }

    private static void FillLog(Span<byte> target, Random random)
    {
        string[] texts = ["GET /api/v1/volumes", "PUT /api/v1/snapshots", "migration of vm", "heartbeat from host", "checkpoint written to"];
        var second = 0;
        while (target.Length > 0)
        {
            second += random.Next(3);
            var line = Encoding.ASCII.GetBytes(
                $"2026-01-01T{second / 3600 % 24:00}:{second / 60 % 60:00}:{second % 60:00}Z INFO {texts[random.Next(texts.Length)]}-{random.Next(5000):x4} took {random.Next(1, 900)} ms\n");
            var count = Math.Min(line.Length, target.Length);
            line.AsSpan(0, count).CopyTo(target);
            target = target[count..];
        }
    }

    private static void FillRows(Span<byte> target, Random random)
    {
        // 32-byte rows: id, timestamp, a slowly moving measurement, flags, padding.
        long id = 1_000_000;
        long stamp = 1_767_225_600_000;
        var value = 20_000;
        Span<byte> row = stackalloc byte[32];
        while (target.Length > 0)
        {
            id++;
            stamp += random.Next(1, 50);
            value += random.Next(-40, 41);
            row.Clear();
            BitConverter.TryWriteBytes(row, id);
            BitConverter.TryWriteBytes(row[8..], stamp);
            BitConverter.TryWriteBytes(row[16..], value);
            row[20] = (byte)random.Next(4);
            var count = Math.Min(row.Length, target.Length);
            row[..count].CopyTo(target);
            target = target[count..];
        }
    }
}
