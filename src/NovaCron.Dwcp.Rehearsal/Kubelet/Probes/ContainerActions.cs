using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Processes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Probes;

/// <summary>What probes and lifecycle hooks do: an HTTP request, a TCP connection, a command or a sleep.</summary>
/// <param name="container">The container's specification, for named ports.</param>
/// <param name="podAddress">Where HTTP and TCP go.</param>
/// <param name="execute">Runs a command as the container would.</param>
internal sealed class ContainerActions(
    JsonObject container, IPAddress podAddress, Func<IReadOnlyList<string>, IProcessOutput, Task<ContainerProcess>> execute)
{
    // A kubelet does not verify the certificates of its pods, follows no redirect and keeps no connection.
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Does what <paramref name="action"/> asks: <c>httpGet</c>, <c>tcpSocket</c>, <c>exec</c> or <c>sleep</c>.</summary>
    public async Task<ProbeResult> RunAsync(JsonObject action, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return action["httpGet"] is JsonObject http ? await GetAsync(http, either.Token, cancellationToken).ConfigureAwait(false)
            : action["tcpSocket"] is JsonObject tcp ? await ConnectAsync(tcp, timeout, either.Token, cancellationToken).ConfigureAwait(false)
            : action["exec"] is JsonObject exec ? await ExecuteAsync(exec, timeout, either.Token, cancellationToken).ConfigureAwait(false)
            : action["sleep"] is JsonObject sleep ? await SleepAsync(sleep, time, either.Token).ConfigureAwait(false)
            : ProbeResult.Failure("the rehearsal knows httpGet, tcpSocket, exec and sleep only");
    }

    private async Task<ProbeResult> GetAsync(JsonObject http, CancellationToken either, CancellationToken caller)
    {
        var scheme = (http.Text("scheme") ?? "HTTP").ToLowerInvariant();
        var path = http.Text("path") is { Length: > 0 } given ? given : "/";
        var url = $"{scheme}://{http.Text("host") ?? podAddress.ToString()}:{Port(http["port"])}{(path[0] == '/' ? "" : "/")}{path}";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.ConnectionClose = true;
            request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
            foreach (var header in http["httpHeaders"].Objects())
            {
                var name = header.Text("name") ?? "";
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, header.Text("value"));
            }
            using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            return status is >= 200 and < 400
                ? ProbeResult.Success
                : ProbeResult.Failure(string.Create(CultureInfo.InvariantCulture, $"HTTP probe failed with statuscode: {status}"));
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return ProbeResult.Failure($"Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        }
        catch (HttpRequestException error)
        {
            var why = error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"dial tcp {podAddress}:{Port(http["port"])}: connect: connection refused" : error.InnerException?.Message ?? error.Message;
            return ProbeResult.Failure($"Get \"{url}\": {why}");
        }
    }

    private async Task<ProbeResult> ConnectAsync(JsonObject tcp, TimeSpan timeout, CancellationToken either, CancellationToken caller)
    {
        var target = new IPEndPoint(tcp.Text("host") is { Length: > 0 } host ? IPAddress.Parse(host) : podAddress, Port(tcp["port"]));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, either).ConfigureAwait(false);
            return ProbeResult.Success;
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return ProbeResult.Failure($"dial tcp {target}: i/o timeout after {timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s");
        }
        catch (SocketException error)
        {
            return ProbeResult.Failure(error.SocketErrorCode == SocketError.ConnectionRefused
                ? $"dial tcp {target}: connect: connection refused" : $"dial tcp {target}: {error.Message}");
        }
    }

    private async Task<ProbeResult> ExecuteAsync(JsonObject exec, TimeSpan timeout, CancellationToken either, CancellationToken caller)
    {
        var command = exec["command"].Texts().ToList();
        var output = new CapturedOutput();
        ContainerProcess process;
        try
        {
            process = await execute(command, output).ConfigureAwait(false);
        }
        catch (Win32Exception error)
        {
            return ProbeResult.Failure($"rpc error: code = Unknown desc = failed to exec in container: {error.Message}");
        }
        try
        {
            var code = await process.Exited.WaitAsync(either).ConfigureAwait(false);
            return code == 0 ? ProbeResult.Success : ProbeResult.Failure((await output.ReadAsync().ConfigureAwait(false)).TrimEnd());
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return ProbeResult.Failure($"command \"{string.Join(' ', command)}\" timed out after {timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s");
        }
        finally
        {
            process.Kill();
        }
    }

    private static async Task<ProbeResult> SleepAsync(JsonObject sleep, TimeProvider time, CancellationToken either)
    {
        await Task.Delay(TimeSpan.FromSeconds(sleep.Integer("seconds") ?? 0), time, either).ConfigureAwait(false);
        return ProbeResult.Success;
    }

    private int Port(JsonNode? port)
    {
        if ((port as JsonValue).AsInteger() is { } number)
        {
            return (int)number;
        }
        var name = (port as JsonValue)?.ToString() ?? "";
        var named = container["ports"].Objects().FirstOrDefault(p => p.Text("name") == name)?.Integer("containerPort");
        return (int)(named ?? (int.TryParse(name, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0));
    }
}
