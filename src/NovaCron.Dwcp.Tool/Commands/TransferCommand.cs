using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary><c>dwcp send</c> and <c>dwcp receive</c>.</summary>
internal static class TransferCommand
{
    private const string Pipe = "-";
    private const string ApiKeyVariable = "DWCP_API_KEY";
    private static readonly string[] Valued =
        ["api-key-file", "certificate", "certificate-key", "certificate-password-file", "ca", "pin", "server-name", "client-id", "level", "version", "max-rate", "mode", "parallelism", "profile"];
    private static readonly string[] Switches = ["no-resume", "quiet", "verbose", "require-rdma", "json"];

    public static Task<int> SendAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp send", arguments, Valued, Switches);
        if (options.Operands.Count < 2)
            options.ExpectOperands("PATH", "dwcp://HOST[:PORT]/OBJECT");
        var request = Request(options, options.Operands[^1]);
        if (options.Operands is [Pipe, _])
            return SendPipeAsync(options, request, cancellationToken);
        var paths = options.Operands.SkipLast(1).Select(Path.GetFullPath).ToList();
        foreach (var path in paths)
            if (!Path.Exists(path))
                throw new ToolException(ExitCode.Failure, $"{path} does not exist.");
        return RunAsync(options, Console.Out, (client, progress) => client.SendAsync(request, TransferSource.FromPaths(paths), progress, cancellationToken));
    }

    // A pipe is read once, and a transfer that breaks must be able to go on: its bytes go through a file, which nobody else can read.
    private static async Task<int> SendPipeAsync(OptionReader options, TransferRequest request, CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected)
            throw options.Complaint("- reads standard input, which is a terminal here. Pipe something in.");
        using var spool = new SpoolFile();
        var file = File.Create(spool.Path);
        await using (file.ConfigureAwait(false))
        {
            var input = Console.OpenStandardInput();
            await using var _ = input.ConfigureAwait(false);
            await input.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        }

        return await RunAsync(options, Console.Out, (client, progress) => client.SendAsync(request, TransferSource.FromPaths(spool.Path), progress, cancellationToken)).ConfigureAwait(false);
    }

    // Nothing goes down the pipe that was not verified.
    private static async Task<int> ReceivePipeAsync(OptionReader options, TransferRequest request, CancellationToken cancellationToken)
    {
        using var spool = new SpoolFile();
        var code = await RunAsync(options, Console.Error, (client, progress) => client.ReceiveAsync(request, TransferSink.ToPath(spool.Path), progress, cancellationToken)).ConfigureAwait(false);
        if (!File.Exists(spool.Path))
            throw new ToolException(ExitCode.Failure, "The object is a directory or a link, which no pipe can carry. Receive it to a path.");
        var file = File.OpenRead(spool.Path);
        await using var _ = file.ConfigureAwait(false);
        var output = Console.OpenStandardOutput();
        await using var outputScope = output.ConfigureAwait(false);
        await file.CopyToAsync(output, cancellationToken).ConfigureAwait(false);
        return code;
    }

    public static Task<int> ReceiveAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp receive", arguments, Valued, [.. Switches, "delta"]);
        options.ExpectOperands("dwcp://HOST[:PORT]/OBJECT", "PATH");
        var request = Request(options, options.Operands[0]);
        if (options.Operands[1] == Pipe)
            return ReceivePipeAsync(options, request, cancellationToken);
        var sink = TransferSink.ToPath(Path.GetFullPath(options.Operands[1]), options.Has("delta"));
        return RunAsync(options, Console.Out, (client, progress) => client.ReceiveAsync(request, sink, progress, cancellationToken));
    }

    private static async Task<int> RunAsync(OptionReader options, TextWriter output, Func<TransferClient, IProgress<TransferProgress>?, Task<TransferResult>> transfer)
    {
        var client = new TransferClient(ClientProtocols.All);
        await using var _ = client.ConfigureAwait(false);
        var progress = options.Has("quiet") ? null : new TransferProgressLine(Console.Error, !Console.IsErrorRedirected);
        try
        {
            var result = await transfer(client, progress).ConfigureAwait(false);
            progress?.Clear();
            if (options.Has("json"))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(TransferReport.Of(result), TransferReportJson.Default.TransferReport)).ConfigureAwait(false);
                return ExitCode.Success;
            }

            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{result.Root} {result.UserBytes} bytes in {result.Duration.TotalSeconds:0.00} s, {result.BytesPerSecond / 1e6:0.0} MB/s, {result.PercentSaved:0.0} % saved, v{result.Version} over {result.Transport}"))
                .ConfigureAwait(false);
            if (options.Has("verbose"))
                foreach (var reason in result.Reasons)
                    await Console.Error.WriteLineAsync(reason).ConfigureAwait(false);
            return ExitCode.Success;
        }
        catch (DwcpTransferException error)
        {
            progress?.Clear();
            throw new ToolException(ExitCode.Failure, $"{error.Message} ({error.Code})");
        }
    }

    /// <summary>Options of every command that asks a node for something.</summary>
    public static IReadOnlyList<string> RequestOptions => Valued;

    /// <summary>The request that the options describe.</summary>
    public static TransferRequest Request(OptionReader options, string remote)
    {
        if (!Uri.TryCreate(remote, UriKind.Absolute, out var uri) || uri.Scheme != "dwcp" || uri.Host.Length == 0 || uri.AbsolutePath.Length < 2)
            throw options.Complaint($"'{remote}' is not dwcp://HOST[:PORT]/OBJECT.");
        return new TransferRequest
        {
            Remote = uri,
            ClientId = options.Value("client-id") ?? $"{Environment.UserName}@{Environment.MachineName}",
            ApiKey = ReadApiKey(options),
            ClientCertificate = ReadCertificate(options),
            TrustedCertificates = options.Value("ca") is { } ca ? ReadAuthorities(ca) : null,
            Pin = options.Value("pin"),
            ServerName = options.Value("server-name") ?? "dwcp-v3",
            Level = Parse(options, "level", DwcpLevel.Adaptive, text => Enum.TryParse<DwcpLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level) ? level : null),
            Versions = Parse<int>(options, "version", 0, text => text is "1" or "3" ? text[0] - '0' : null) is var version and not 0 ? [version] : [1, 3],
            MaxRate = options.Value("max-rate") is null ? null
                : Parse<long>(options, "max-rate", 0, text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate > 0 ? rate : null),
            Resume = !options.Has("no-resume"),
            Mode = Parse(options, "mode", TransferMode.Auto, text => Enum.TryParse<TransferMode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode) ? mode : null),
            Parallelism = options.Value("parallelism") is null ? null
                : Parse<int>(options, "parallelism", 0, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 64 ? count : null),
            Profile = Parse(options, "profile", AcpProfile.Bulk, text => Enum.TryParse<AcpProfile>(text, ignoreCase: true, out var profile) && Enum.IsDefined(profile) ? profile : null),
            Datacenter = options.Has("require-rdma") ? new DatacenterRequest { RequireRdma = true } : null,
            AttemptFailed = options.Has("verbose") ? attempt => Console.Error.WriteLine($"Attempt {attempt.Number} failed and is made again: {attempt.Failure.Message}") : null,
        };
    }

    private static T Parse<T>(OptionReader options, string name, T otherwise, Func<string, T?> parse) where T : struct =>
        options.Value(name) is not { } text ? otherwise : parse(text) ?? throw options.Complaint($"--{name} cannot be '{text}'.");

    private static string? ReadApiKey(OptionReader options)
    {
        if (options.Value("api-key-file") is not { } file)
            return Environment.GetEnvironmentVariable(ApiKeyVariable);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : throw new ToolException(ExitCode.Failure, $"API key file {file} does not exist.");
    }

    private static X509Certificate2? ReadCertificate(OptionReader options)
    {
        if (options.Value("certificate") is not { } file)
            return options.Value("certificate-key") is null ? null : throw options.Complaint("--certificate-key belongs to --certificate.");
        var key = options.Value("certificate-key");
        var password = options.Value("certificate-password-file") is { } secret ? ReadSecret(secret) : null;
        try
        {
            if (key is null && Path.GetExtension(file) is ".pfx" or ".p12")
                return X509CertificateLoader.LoadPkcs12FromFile(file, password);
            // Through PKCS #12: Windows' TLS takes no key that was only read.
            using var read = password is null ? X509Certificate2.CreateFromPemFile(file, key) : X509Certificate2.CreateFromEncryptedPemFile(file, password, key);
            return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pfx), null);
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCode.Failure,
                $"The client certificate {file} cannot be read: {error.Message} It is PEM with its key in the same file or in --certificate-key, or PKCS #12 (.pfx).");
        }
    }

    private static string ReadSecret(string file) =>
        File.Exists(file) ? File.ReadAllText(file).Trim() : throw new ToolException(ExitCode.Failure, $"The file {file} does not exist.");

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception error) when (error is CryptographicException or IOException)
        {
            throw new ToolException(ExitCode.Failure, $"The authority {file} cannot be read as PEM: {error.Message}");
        }
        return authorities.Count > 0 ? authorities : throw new ToolException(ExitCode.Failure, $"{file} holds no certificate.");
    }
}
