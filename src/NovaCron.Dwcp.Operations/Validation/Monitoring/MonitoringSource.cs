using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Monitoring;

/// <summary>
/// Prometheus and Alertmanager as a run asks them: at the addresses that the caller gave, else the pods of the bundled stack, through the API server.
/// Source of the paths and answers: https://prometheus.io/docs/prometheus/latest/querying/api/ and Alertmanager's API v2.
/// </summary>
internal static class MonitoringSource
{
    public const string Prometheus = "Prometheus";

    public const string Alertmanager = "Alertmanager";

    private const int PrometheusPort = 9090;
    private const int AlertmanagerPort = 9093;

    /// <summary>More than any query of ours returns; whoever answers more is not what we asked.</summary>
    private const int MaximumAnswer = 32 << 20;

    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
    {
        Timeout = TimeSpan.FromSeconds(20), MaxResponseContentBufferSize = MaximumAnswer,
    };

    /// <summary>
    /// A rehearsal that was staged without monitoring has none to look at, and says so; anywhere else nobody would see the release fail, which is no
    /// reason to skip.
    /// </summary>
    public static async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        context.Options.PrometheusUrl is null && (await context.RecordAsync().ConfigureAwait(false)).Values.Monitoring.Stack == "None" && await context.PodsAreProcessesAsync().ConfigureAwait(false)
            ? "this rehearsal was staged without monitoring (monitoring.stack: None); New-DwcpStaging -MonitoringStack Bundled brings it"
            : null;

    /// <summary>What an expression is now.</summary>
    /// <exception cref="InconclusiveException">Prometheus cannot be asked, or does not understand.</exception>
    public static async Task<IReadOnlyList<PrometheusSeries>> QueryAsync(ValidationContext context, string expression, CancellationToken cancellationToken)
    {
        var data = (await AskPrometheusAsync(context, $"/api/v1/query?query={Uri.EscapeDataString(expression)}", cancellationToken).ConfigureAwait(false))["data"];
        var kind = data.Text("resultType");
        if (kind == "scalar" && data.At("result") is JsonArray scalar)
            return [new PrometheusSeries([], [Point(scalar)])];
        if (kind is not ("vector" or "matrix") || data.At("result") is not JsonArray)
            throw new InconclusiveException($"{Prometheus} answered a {kind ?? "nothing"} to {expression}");
        return
        [
            .. data.Items("result").Select(s => new PrometheusSeries(s["metric"] as JsonObject ?? [],
                kind == "vector" ? [Point(s["value"])] : [.. (s["values"] as JsonArray ?? []).Select(Point)])),
        ];

        static (double, double) Point(JsonNode? pair) =>
            pair is JsonArray { Count: 2 } p && Number(p[0]) is { } time && Number(p[1]) is { } value ? (time, value) : throw new InconclusiveException($"{Prometheus} answered a point that is no pair of time and value");
    }

    /// <summary>GET of Prometheus' API: the whole answer, whose status was success.</summary>
    /// <exception cref="InconclusiveException">Prometheus cannot be asked, or does not understand.</exception>
    public static async Task<JsonObject> AskPrometheusAsync(ValidationContext context, string path, CancellationToken cancellationToken)
    {
        var answer = Parse(Prometheus, await SendAsync(context, Prometheus, HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false)) as JsonObject;
        return answer.Text("status") == "success"
            ? answer!
            : throw new InconclusiveException($"{Prometheus} answered {answer.Text("status") ?? "nothing"}: {ValidationContext.Start(answer.Text("error") ?? "no reason")}");
    }

    public static async Task<JsonNode?> AskAlertmanagerAsync(ValidationContext context, string path, CancellationToken cancellationToken) =>
        Parse(Alertmanager, await SendAsync(context, Alertmanager, HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false));

    /// <summary>A request to one of the two; the text of a successful answer.</summary>
    /// <exception cref="InconclusiveException">It cannot be reached, or refuses.</exception>
    public static async Task<string> SendAsync(ValidationContext context, string program, HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        var bytes = body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString());
        if ((program == Prometheus ? context.Options.PrometheusUrl : context.Options.AlertmanagerUrl) is { } url)
            return await SendAsync(program, url, method, path, bytes, cancellationToken).ConfigureAwait(false);

        var (@namespace, pod) = await PodAsync(context, program).ConfigureAwait(false);
        var answer = await context.Connection.SendToPodAsync(@namespace, pod, program == Prometheus ? PrometheusPort : AlertmanagerPort, method, path, body: bytes, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return answer.IsSuccess ? answer.Text : throw new InconclusiveException($"{program} ({answer.Target}) answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}");
    }

    private static async Task<string> SendAsync(string program, string url, HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, url.TrimEnd('/') + path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using var response = await Http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? text : throw new InconclusiveException($"{program} at {url} answered {(int)response.StatusCode}: {ValidationContext.Start(text)}");
        }
        catch (HttpRequestException e)
        {
            throw new InconclusiveException($"{program} at {url} cannot be asked: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InconclusiveException($"{program} at {url} did not answer within {Http.Timeout.TotalSeconds:0} s");
        }
    }

    /// <summary>The ready pod of the bundled stack.</summary>
    private static async Task<(string Namespace, string Pod)> PodAsync(ValidationContext context, string program)
    {
        var values = (await context.RecordAsync().ConfigureAwait(false)).Values;
        if (values.Monitoring.Stack != "Bundled")
        {
            throw new InconclusiveException(values.Monitoring.Stack == "None"
                ? $"this deployment has no monitoring (monitoring.stack: None), so that nobody would see it fail; deploy with -MonitoringStack Bundled, or give the address of the {program} that watches it (-{program}Url)"
                : $"monitoring.stack is {values.Monitoring.Stack}; give the address of its {program} (-{program}Url)");
        }

        var @namespace = values.Network.MonitoringNamespace;
        var pods = await context.OnceAsync($"monitoring/{program}", () => context.Connection.ListAsync(ClusterResource.Pod, @namespace, $"app={program.ToLowerInvariant()}")).ConfigureAwait(false);
        return pods.Where(WorkloadWaiter.IsReady).Select(p => p.Name()).Order(StringComparer.Ordinal).FirstOrDefault() is { } pod
            ? (@namespace, pod)
            : throw new InconclusiveException($"no pod of {program} is ready in namespace {@namespace}");
    }

    private static JsonNode? Parse(string program, string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            throw new InconclusiveException($"{program} answered what is no JSON: {ValidationContext.Start(text)}");
        }
    }

    /// <summary>Prometheus writes values as text: <c>"NaN"</c> and <c>"+Inf"</c> are no JSON numbers.</summary>
    private static double? Number(JsonNode? node) => node?.ToString() switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        { } text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };
}
