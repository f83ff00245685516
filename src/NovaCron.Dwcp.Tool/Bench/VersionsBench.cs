using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Tool.Bench;

/// <summary>
/// <c>dwcp bench versions</c>: a file moves to a node, then a changed version of it: what goes over the wire with chunk dedup alone, and with resemblance.
/// </summary>
internal static class VersionsBench
{
    private const int EditBytes = 64;
    private const int InsertBytes = 4096;
    private const int InsertEvery = 16 << 20;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp bench versions", arguments, ["mib", "every"], []);
        options.ExpectOperands("FILE");
        var path = options.Operands[0];
        if (!File.Exists(path)) throw new ToolException(ExitCode.NoInput, $"{path} does not exist.");
        var first = new byte[(int)Math.Min((long)Number(options, "mib", 128) << 20, new FileInfo(path).Length)];
        using (var file = File.OpenRead(path)) await file.ReadExactlyAsync(first, cancellationToken).ConfigureAwait(false);
        var folder = Directory.CreateTempSubdirectory("dwcp-bench-");
        try
        {
            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {first.Length} bytes; each version has {EditBytes} bytes changed at a random place in every so many KiB, and {InsertBytes} inserted in every {InsertEvery >> 20} MiB")).ConfigureAwait(false);
            await Console.Out.WriteLineAsync("| edit every | version 1, bytes on the wire | version 2, chunk dedup alone | version 2, with resemblance | of the version | s |").ConfigureAwait(false);
            await Console.Out.WriteLineAsync("|---|---|---|---|---|---|").ConfigureAwait(false);
            foreach (var every in options.Value("every") is null ? (int[])[1024, 256, 64, 16] : [Number(options, "every", 64)])
            {
                var second = Change(first, every << 10);
                // Chunks that were sent at Fast have no super-features: nothing is found that resembles another, and dedup alone is left.
                var alone = await MoveAsync(folder.CreateSubdirectory($"alone-{every}").FullName, first, second, DwcpLevel.Fast, cancellationToken).ConfigureAwait(false);
                var with = await MoveAsync(folder.CreateSubdirectory($"with-{every}").FullName, first, second, DwcpLevel.Dense, cancellationToken).ConfigureAwait(false);
                await Console.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {every} KiB | {with.First.WireBytes} | {alone.Second.WireBytes} | {with.Second.WireBytes} | {100.0 * with.Second.WireBytes / second.Length:0.00} % | {alone.Second.Duration.TotalSeconds:0.0}, {with.Second.Duration.TotalSeconds:0.0} |")).ConfigureAwait(false);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return ExitCode.Success;
    }

    private static int Number(OptionReader options, string name, int otherwise) =>
        options.Value(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
        : throw options.Complaint($"--{name} {text} is not a whole number above 0.");

    private static byte[] Change(byte[] first, int every)
    {
        var random = new Random(7);
        var second = new MemoryStream(first.Length + (first.Length / InsertEvery * InsertBytes) + InsertBytes);
        var noise = new byte[InsertBytes];
        for (var at = 0; at < first.Length; at += InsertEvery)
        {
            random.NextBytes(noise);
            second.Write(noise);
            second.Write(first, at, Math.Min(InsertEvery, first.Length - at));
        }

        var bytes = second.ToArray();
        for (var at = 0; at + every <= bytes.Length; at += every) random.NextBytes(bytes.AsSpan(at + random.Next(every - EditBytes), EditBytes));
        return bytes;
    }

    private static async Task<(TransferResult First, TransferResult Second)> MoveAsync(string folder, byte[] first, byte[] second, DwcpLevel firstLevel, CancellationToken cancellationToken)
    {
        using var identity = new BenchIdentity();
        var key = Guid.NewGuid().ToString();
        var store = ObjectStore.Open(folder);
        await using var storeScope = store.ConfigureAwait(false);
        var server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
                Certificate = identity.Server,
                Store = store,
                Principals = ApiKeyDirectory.Parse(ApiKeyDirectory.FormatLine(BenchIdentity.Principal, key) + "\n"),
                Split = new EveryoneOnThree(),
            },
            [new V3ServerProtocol()]);
        await using var serverScope = server.ConfigureAwait(false);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        var client = new TransferClient([new V3ClientProtocol()]);
        await using var clientScope = client.ConfigureAwait(false);
        TransferRequest Request(string name, DwcpLevel level) => new()
        {
            Remote = new Uri($"dwcp://127.0.0.1:{server.LocalEndPoint.Port}/{name}"),
            ClientId = "bench",
            ApiKey = key,
            Pin = Convert.ToHexString(SHA256.HashData(identity.Server.RawData)),
            Level = level,
            Versions = [3],
        };
        var one = await client.SendAsync(Request("version-1", firstLevel), TransferSource.FromMemory(first), cancellationToken: cancellationToken).ConfigureAwait(false);
        var two = await client.SendAsync(Request("version-2", DwcpLevel.Dense), TransferSource.FromMemory(second), cancellationToken: cancellationToken).ConfigureAwait(false);
        var sink = TransferSink.ToMemory(second.Length);
        await client.ReceiveAsync(Request("version-2", DwcpLevel.Fast), sink, cancellationToken: cancellationToken).ConfigureAwait(false);
        return sink.Bytes.Span.SequenceEqual(second) ? (one, two)
            : throw new ToolException(ExitCode.Failure, "The second version did not come back as it was. This is a defect: please report it with the file.");
    }
}
