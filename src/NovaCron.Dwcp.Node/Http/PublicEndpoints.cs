using System.Text.Json;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Http;

/// <summary>Port 8080. Plain text, reachable through Service and Ingress: no credential is taken or given here.</summary>
internal sealed class PublicEndpoints(NodeOptions options, NodeHealth health, ITrafficSplit split, Func<int> dataPort, TimeProvider time)
{
    private const int LongestClientId = 256;
    private readonly long _startedAt = time.GetTimestamp();

    public async Task HandleAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/health" when await context.AllowsAsync(HttpMethods.Get).ConfigureAwait(false): await HealthAsync(context).ConfigureAwait(false); break;
            case "/ready" when await context.AllowsAsync(HttpMethods.Get).ConfigureAwait(false): await ReadyAsync(context).ConfigureAwait(false); break;
            case "/sessions" when await context.AllowsAsync(HttpMethods.Post).ConfigureAwait(false): await SessionsAsync(context).ConfigureAwait(false); break;
            case "/health" or "/ready" or "/sessions": break;
            default: await context.WriteErrorAsync(StatusCodes.Status404NotFound, "Here are GET /health, GET /ready and POST /sessions.").ConfigureAwait(false); break;
        }
    }

    private Task HealthAsync(HttpContext context)
    {
        var alive = health.IsAlive;
        return context.WriteAsync(
            alive ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new HealthAnswer(alive ? "ok" : "stuck", options.PodName, options.Version, NodeOptions.BuildVersion, time.GetElapsedTime(_startedAt).TotalSeconds,
                [.. health.Loops.Select(loop => new LoopAnswer(loop.Name, loop.IsAlive, loop.Age.TotalSeconds, loop.Limit.TotalSeconds))]),
            NodeJson.Default.HealthAnswer);
    }

    private Task ReadyAsync(HttpContext context)
    {
        var ready = health.IsReady;
        return context.WriteAsync(
            ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new ReadyAnswer(ready ? "ready" : "not ready", health.IsLeaving, health.Conditions.ToDictionary(condition => condition.Key, condition => condition.Value ?? "ok")),
            NodeJson.Default.ReadyAnswer);
    }

    private async Task SessionsAsync(HttpContext context)
    {
        SessionQuestion? question;
        try
        {
            question = await JsonSerializer.DeserializeAsync(context.Request.Body, NodeJson.Default.SessionQuestion, context.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            question = null;
        }

        if (question is not { ClientId: { Length: > 0 and <= LongestClientId } clientId, Versions: { Count: > 0 and <= 16 } versions })
        {
            await context.WriteErrorAsync(StatusCodes.Status400BadRequest,
                $"The body must be {{\"clientId\":\"1 to {LongestClientId} characters\",\"versions\":[1,3]}}. Credentials belong on port {options.DataPort} inside TLS, never here.").ConfigureAwait(false);
            return;
        }

        if (health.IsLeaving)
        {
            context.Response.Headers.RetryAfter = "1";
            await context.WriteErrorAsync(StatusCodes.Status503ServiceUnavailable, "This node takes no new session; another one will. Ask again.").ConfigureAwait(false);
            return;
        }

        var version = split.VersionFor(clientId);
        if (version == 3 && !versions.Contains(3)) version = 1;
        if (version == 1 && !split.ServesV1)
        {
            await context.WriteErrorAsync(StatusCodes.Status409Conflict, "DWCP v1 is switched off here; offer version 3.").ConfigureAwait(false);
            return;
        }

        if (!versions.Contains(version))
        {
            await context.WriteErrorAsync(StatusCodes.Status409Conflict, $"This client is on version {version} now, which it did not offer.").ConfigureAwait(false);
            return;
        }

        var host = context.Request.Host.Host is { Length: > 0 } asked ? asked : options.BindAddress.ToString();
        await context.WriteAsync(StatusCodes.Status200OK, new SessionAnswer(version, options.DataAddress ?? $"{host}:{dataPort()}"), NodeJson.Default.SessionAnswer).ConfigureAwait(false);
    }
}
