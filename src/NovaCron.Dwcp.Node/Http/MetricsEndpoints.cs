namespace NovaCron.Dwcp.Node.Http;

/// <summary>Port 9090.</summary>
internal sealed class MetricsEndpoints(Func<CancellationToken, Task<byte[]>> export)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path.Value != "/metrics")
        {
            await context.WriteErrorAsync(StatusCodes.Status404NotFound, "Here is GET /metrics.").ConfigureAwait(false);
            return;
        }

        if (!await context.AllowsAsync(HttpMethods.Get).ConfigureAwait(false)) return;
        var text = await export(context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(text, context.RequestAborted).ConfigureAwait(false);
    }
}
