using System.Net;
using System.Globalization;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Http;
using NovaCron.Dwcp.Node.Secrets;

namespace NovaCron.Dwcp.Node.Hosting;

/// <summary>
/// <c>dwcpd drain [--wait SECONDS]</c>: the preStop hook of an image without a shell. Takes the node out of its Service (not ready), then waits until
/// load balancers noticed, while the node still serves whoever comes.
/// </summary>
internal static class DrainCommand
{
    public static async Task<int> RunAsync(string[] arguments, Func<string, string?> environment)
    {
        var wait = TimeSpan.FromSeconds(3);
        if (arguments is ["--wait", var text])
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 300)
                throw new DwcpNodeException($"--wait is '{text}', but must be whole seconds, 0..300.");
            wait = TimeSpan.FromSeconds(seconds);
        }
        else if (arguments.Length > 0)
        {
            throw new DwcpNodeException("drain takes --wait SECONDS and nothing else.");
        }

        var options = NodeOptions.FromEnvironment(environment);
        var address = options.BindAddress.Equals(IPAddress.Any) ? IPAddress.Loopback : options.BindAddress;
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{new IPEndPoint(address, options.AdminPort)}/drain");
        request.Headers.Add(AdminEndpoints.KeyHeader, SecretText.Read(Path.Combine(options.Paths.Secrets, "diagnostics-key")));
        try
        {
            using var response = await client.SendAsync(request).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.Accepted)
                throw new DwcpNodeException($"The node answered {(int)response.StatusCode} to the drain. Look at its log.");
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            throw new DwcpNodeException($"The node does not answer on its admin port {options.AdminPort}: {error.Message} Is it running in this pod?", error);
        }

        await Task.Delay(wait).ConfigureAwait(false);
        return 0;
    }
}
