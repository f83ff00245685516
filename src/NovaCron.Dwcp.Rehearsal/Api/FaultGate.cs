using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Makes the API server slow, failing or absent, on demand.</summary>
internal sealed class FaultGate(TimeProvider clock)
{
    private readonly ConcurrentDictionary<ConnectionContext, bool> _connections = new();
    private volatile ApiServerFault? _current;

    public ApiServerFault? Current => _current;

    public void Set(ApiServerFault? fault)
    {
        _current = fault;
        if (fault?.Outage == true)
        {
            foreach (var connection in _connections.Keys)
            {
                connection.Abort();
            }
        }
    }

    /// <summary>Middleware of a connection, below TLS.</summary>
    public ConnectionDelegate GuardConnectionAsync(ConnectionDelegate next) => async connection =>
    {
        _connections[connection] = true;
        try
        {
            if (_current?.Outage == true)
            {
                connection.Abort();
                return;
            }
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    };

    /// <summary>Holds a request up, answers it with an error, or lets it through.</summary>
    public async Task GuardRequestAsync(HttpContext context, RequestDelegate next)
    {
        if (_current is { } fault)
        {
            if (fault.Outage)
            {
                context.Abort();
                return;
            }
            if (fault.Latency > TimeSpan.Zero)
            {
                await Task.Delay(fault.Latency, clock, context.RequestAborted).ConfigureAwait(false);
            }
            if (fault.ErrorShare > 0 && Random.Shared.NextDouble() < fault.ErrorShare)
            {
                await Responses.WriteStatusAsync(context, ErrorOf(fault.ErrorStatus)).ConfigureAwait(false);
                return;
            }
        }
        await next(context).ConfigureAwait(false);
    }

    private static ApiStatusException ErrorOf(int status) => status switch
    {
        409 => new(409, "Conflict", "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again"),
        429 => new(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later") { RetryAfterSeconds = 1 },
        503 => new(503, "ServiceUnavailable", "the server is currently unable to handle the request") { RetryAfterSeconds = 1 },
        504 => new(504, "Timeout", "the server was unable to return a response in the time allotted, but may still be processing the request"),
        _ => new(status, "InternalError", "Internal error occurred: etcdserver: request timed out"),
    };
}
