using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>Data of the kinds that the codec meets, from a seed.</summary>
internal static class SampleData
{
    public static readonly string[] Kinds =
        ["zeros", "run", "noise", "text", "log", "records", "floats", "counter", "x86", "pages", "skewed", "telemetry", "metrics", "arm64", "access", "mixed", "pairs"];

    public static byte[] Make(string kind, int length, int seed)
    {
        var random = new Random(seed);
        byte[] data = new byte[length];
        switch (kind)
        {
            case "zeros":
                break;
            case "run":
                data.AsSpan().Fill((byte)seed);
                break;
            case "noise":
                random.NextBytes(data);
                break;
            case "text":
                Text(data, random, log: false);
                break;
            case "log":
                Text(data, random, log: true);
                break;
            case "records":
                Records(data, random);
                break;
            case "floats":
                Floats(data, random);
                break;
            case "counter":
                for (int i = 0; i + 4 <= length; i += 4)
                {
                    BitConverter.TryWriteBytes(data.AsSpan(i), (uint)(seed + i * 3));
                }

                break;
            case "metrics":
                Metrics(data, random);
                break;
            case "telemetry":
                Telemetry(data, random);
                break;
            case "x86":
                Code(data, random);
                break;
            case "arm64":
                Arm64Code(data, random);
                break;
            case "access":
                AccessLog(data, random);
                break;
            case "pages":
                for (int i = 0; i < length; i += 4096)
                {
                    Span<byte> page = data.AsSpan(i, Math.Min(4096, length - i));
                    if (random.Next(3) == 0)
                    {
                        new Random(seed + random.Next(4)).NextBytes(page);
                    }
                }

                break;
            case "skewed":
                for (int i = 0; i < length; i++)
                {
                    data[i] = (byte)(random.NextDouble() * random.NextDouble() * random.NextDouble() * 256);
                }

                break;
            case "mixed":
                for (int i = 0; i < length;)
                {
                    int n = Math.Min(length - i, 1 + random.Next(20000));
                    Make(Kinds[random.Next(Kinds.Length - 2)], n, random.Next()).CopyTo(data, i);
                    i += n;
                }

                break;
            default:
                for (int i = 0; i < length; i++)
                {
                    data[i] = (byte)random.Next(2);
                }

                break;
        }

        return data;
    }

    private static void Text(byte[] data, Random random, bool log)
    {
        string[] words = ["session", "chunk", "the", "of", "opened", "failed", "node-", "dwcp", "bytes", "commit", "manifest", "and", "path=/var/lib/"];
        var line = new StringBuilder();
        int at = 0;
        long time = 1_700_000_000_000;
        while (at < data.Length)
        {
            line.Clear();
            if (log)
            {
                time += random.Next(500);
                line.Append(DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture))
                    .Append(" INFO pod-").Append(random.Next(12)).Append(" request ").Append(random.Next()).Append(" took ").Append(random.Next(400)).Append(" ms: ");
            }

            for (int n = random.Next(3, 14); n > 0; n--)
            {
                line.Append(words[random.Next(words.Length)]).Append(' ');
            }

            line.Append('\n');
            byte[] bytes = Encoding.UTF8.GetBytes(line.ToString());
            int take = Math.Min(bytes.Length, data.Length - at);
            bytes.AsSpan(0, take).CopyTo(data.AsSpan(at));
            at += take;
        }
    }

    private static void Records(byte[] data, Random random)
    {
        int width = random.Next(5, 100);
        byte[] record = new byte[width];
        random.NextBytes(record);
        for (int i = 0; i < data.Length; i += width)
        {
            record[0]++;
            record[width / 2] += (byte)random.Next(3);
            record[width - 1] = (byte)random.Next();
            record.AsSpan(0, Math.Min(width, data.Length - i)).CopyTo(data.AsSpan(i));
        }
    }

    private static void Floats(byte[] data, Random random)
    {
        double value = 20;
        for (int i = 0; i + 8 <= data.Length; i += 8)
        {
            value += (random.NextDouble() - 0.5) * 0.1;
            BitConverter.TryWriteBytes(data.AsSpan(i), Math.Round(value, 2));
        }
    }

    private static void Metrics(byte[] data, Random random)
    {
        var text = new StringBuilder();
        long time = 1_767_225_600_000;
        int total = 1000;
        while (text.Length < data.Length)
        {
            time += random.Next(400);
            string stamp = DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
            text.Append(
                CultureInfo.InvariantCulture,
                $"{stamp} dwcpd[{4000 + random.Next(3)}] session {total += random.Next(3)} {(random.Next(9) == 0 ? "failed" : "ended")} after {random.Next(400) / 4.0} ms\n");
        }

        Encoding.ASCII.GetBytes(text.ToString(0, data.Length)).CopyTo(data, 0);
    }

    private static void Telemetry(byte[] data, Random random)
    {
        long time = 1_700_000_000_000_000_000;
        int counter = 0;
        short level = 300;
        for (int i = 0; i + 16 <= data.Length; i += 16)
        {
            BitConverter.TryWriteBytes(data.AsSpan(i), time += 1_000_000 + random.Next(2000));
            BitConverter.TryWriteBytes(data.AsSpan(i + 8), counter += random.Next(30));
            BitConverter.TryWriteBytes(data.AsSpan(i + 12), level += (short)random.Next(-2, 3));
            data[i + 15] = 0x80;
        }
    }

    private static void Code(byte[] data, Random random)
    {
        int[] targets = new int[20];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = random.Next(data.Length + 1);
        }

        for (int i = 0; i < data.Length;)
        {
            if (i + 5 <= data.Length && random.Next(4) == 0)
            {
                data[i] = 0xE8;
                BitConverter.TryWriteBytes(data.AsSpan(i + 1), targets[random.Next(targets.Length)] - i - 5);
                i += 5;
            }
            else
            {
                data[i++] = (byte)"\x48\x89\x8B\x0F\x84\xC0\x55\x5D"[random.Next(8)];
            }
        }
    }

    private static void Arm64Code(byte[] data, Random random)
    {
        uint[] targets = [.. Enumerable.Range(0, 20).Select(_ => (uint)random.Next(data.Length + 1))];
        uint[] others = [.. Enumerable.Range(0, 24).Select(_ => (uint)random.NextInt64(1L << 32))];
        for (int at = 0; at + 4 <= data.Length; at += 4)
        {
            uint target = targets[random.Next(targets.Length)];
            uint pages = (target >> 12) - ((uint)at >> 12);
            uint word = random.Next(64) switch
            {
                < 10 => 0x9400_0000 | (target / 4 - (uint)at / 4 & 0x03FF_FFFF),
                < 20 => 0x9000_0000 | (pages & 3) << 29 | (pages >> 2 & 0x7_FFFF) << 5 | (uint)random.Next(4),
                20 => (uint)random.NextInt64(1L << 32),
                _ => others[random.Next(others.Length)],
            };
            BitConverter.TryWriteBytes(data.AsSpan(at), word);
        }
    }

    private static void AccessLog(byte[] data, Random random)
    {
        string[] paths = [.. Enumerable.Range(0, 60).Select(i => $"/{"api|static|images".Split('|')[i % 3]}/{random.Next(1 << 20):x}")];
        string[] agents = ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Firefox/120.0", "kube-probe/1.36"];
        var text = new StringBuilder();
        var time = new DateTime(2026, 3, 5, 2, 11, 7, DateTimeKind.Utc);
        while (text.Length < data.Length)
        {
            time = time.AddMilliseconds(random.Next(3000));
            string stamp = time.ToString("dd/MMM/yyyy:HH:mm:ss", CultureInfo.InvariantCulture);
            text.Append(
                CultureInfo.InvariantCulture,
                $"10.{random.Next(3)}.{random.Next(9)}.{random.Next(40)} - {(random.Next(3) == 0 ? $"user{random.Next(50)}" : "-")} [{stamp} +0000] \"GET {paths[random.Next(paths.Length)]} HTTP/1.1\" {(random.Next(9) == 0 ? 404 : 200)} {random.Next(9000)} \"{agents[random.Next(3)]}\" id={random.NextInt64():x}\n");
        }

        Encoding.ASCII.GetBytes(text.ToString(0, data.Length)).CopyTo(data, 0);
    }
}
