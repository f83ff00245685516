using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NovaCron.Dwcp.Node.Http;

namespace NovaCron.Dwcp.Node.Hosting;

/// <summary>The HTTP listeners: one Kestrel, one handler for each port, every limit bounded.</summary>
internal sealed class HttpPorts : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HttpPorts(WebApplication application, IReadOnlyDictionary<PortRole, IPEndPoint> endPoints)
    {
        _application = application;
        EndPoints = endPoints;
    }

    /// <summary>Where each port listens, with the number that the system chose.</summary>
    public IReadOnlyDictionary<PortRole, IPEndPoint> EndPoints { get; }

    /// <summary>Binds and serves.</summary>
    /// <param name="address">Address to listen on.</param>
    /// <param name="logging">Where the framework logs, too.</param>
    /// <param name="ports">Port, the setting that it comes from, and handler of each role.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpNodeException">A port is taken or the address is not local; the message names the setting.</exception>
    public static async Task<HttpPorts> StartAsync(
        IPAddress address, ILoggerFactory logging, IReadOnlyDictionary<PortRole, (int Port, string Setting, RequestDelegate Handler)> ports, CancellationToken cancellationToken)
    {
        foreach (var (role, (port, setting, _)) in ports)
        {
            if (ports.Any(other => other.Key != role && port != 0 && other.Value.Port == port))
                throw new DwcpNodeException($"{setting} is {port}, which another of the node's ports uses too. Give each its own.");
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var bound = new List<(PortRole Role, ListenOptions Listen)>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 16 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.MaxRequestLineSize = 4 * 1024;
            // Counted for each port by itself, so a crowd on 8080 cannot lock the probes and scrapes of the other ports out.
            kestrel.Limits.MaxConcurrentConnections = 512;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(65);
            foreach (var (role, (port, _, _)) in ports)
            {
                kestrel.Listen(address, port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    bound.Add((role, listen));
                    listen.Use(next => connection =>
                    {
                        connection.Features.Set(new PortRoleFeature(role));
                        return next(connection);
                    });
                });
            }
        });
        var application = builder.Build();
        var log = logging.CreateLogger("http");
        application.Run(context => AnswerAsync(context, ports[context.Features.GetRequiredFeature<PortRoleFeature>().Role].Handler, log));
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new DwcpNodeException($"The HTTP ports ({string.Join(", ", ports.Values.Select(port => $"{port.Setting} {port.Port}"))}) cannot be opened on {address}: "
                + $"{error.Message} Stop what uses the port, or set another one.", error);
        }

        return new HttpPorts(application, bound.ToDictionary(entry => entry.Role, entry => entry.Listen.IPEndPoint!));
    }

    /// <summary>Runs the handler; what it does not answer itself becomes a plain answer here, without inner details.</summary>
    private static async Task AnswerAsync(HttpContext context, RequestDelegate handler, ILogger log)
    {
        try
        {
            await handler(context).ConfigureAwait(false);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await context.WriteErrorAsync(error.StatusCode, error.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went.
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            log.LogError(error, "{Method} {Path} failed.", context.Request.Method, context.Request.Path.Value);
            await context.WriteErrorAsync(StatusCodes.Status500InternalServerError, "The node failed inside; its log says how.").ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _application.StopAsync(limit.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }
}
