using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>Data of the kinds that the codec meets, from a seed.</summary>
internal static class SampleData
{
    public static readonly string[] Kinds =
        ["zeros", "run", "noise", "text", "log", "records", "floats", "counter", "x86", "pages", "skewed", "telemetry", "metrics", "mixed", "pairs"];

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
}
