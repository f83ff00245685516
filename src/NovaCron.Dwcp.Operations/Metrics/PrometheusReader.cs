using System.Globalization;
using System.Text.Json;

namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>
/// Reads the nodes' counters from Prometheus' HTTP API: the second source beside the pods themselves. Its answer is not trusted: bounded in size, and a
/// pod whose counters are incomplete has none. Source: https://prometheus.io/docs/prometheus/latest/querying/api/, "Instant queries".
/// </summary>
public sealed class PrometheusReader(HttpClient http)
{
    /// <summary>Most bytes of an answer; a thousand pods are 20 MB.</summary>
    public const int MaximumAnswer = 64 << 20;

    /// <summary>The last sample of every counter that decisions need. A pod's series all come from the same scrape.</summary>
    /// <param name="address">Prometheus, for example <c>http://prometheus.monitoring:9090</c>.</param>
    /// <param name="namespace">Namespace of the nodes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpMetricsException">Prometheus did not answer, or not what its API says.</exception>
    public async Task<PrometheusReading> ReadAsync(Uri address, string @namespace, CancellationToken cancellationToken)
    {
        // The age first: what is read after it is at least as new.
        var ages = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var sample in await QueryAsync(address, $"time() - timestamp(dwcp_flag_revision{{namespace=\"{@namespace}\",pod!=\"\"}})", cancellationToken).ConfigureAwait(false))
            if (sample.Label("pod") is { } pod && double.IsFinite(sample.Value) && Math.Abs(sample.Value) < 1e9)
                ages[pod] = TimeSpan.FromSeconds(Math.Max(ages.TryGetValue(pod, out var known) ? known.TotalSeconds : 0, Math.Max(0, sample.Value)));
        var samples = await QueryAsync(address, $"{{__name__=~\"{string.Join('|', NodeMetrics.Names)}\",namespace=\"{@namespace}\",pod!=\"\"}}", cancellationToken).ConfigureAwait(false);
        return new PrometheusReading(samples.GroupBy(sample => sample.Label("pod")!, StringComparer.Ordinal).ToDictionary(pod => pod.Key, pod => Read(pod, ages), StringComparer.Ordinal));
    }

    private static PrometheusPod Read(IGrouping<string, MetricSample> pod, Dictionary<string, TimeSpan> ages)
    {
        if (!ages.TryGetValue(pod.Key, out var age)) return new PrometheusPod(null, TimeSpan.MaxValue, "the age of its samples is not known");
        // Two jobs that scrape the same pod tell the same twice; one of them is enough.
        var job = pod.GroupBy(sample => (sample.Label("job"), sample.Label("instance"))).OrderBy(group => group.Key).First();
        try
        {
            return new PrometheusPod(NodeMetrics.Read([.. job]), age, null);
        }
        catch (DwcpMetricsException e)
        {
            return new PrometheusPod(null, age, e.Message);
        }
    }

    private async Task<IReadOnlyList<MetricSample>> QueryAsync(Uri address, string query, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new FormUrlEncodedContent([new("query", query)]);
            var api = new Uri(address.AbsoluteUri.TrimEnd('/') + "/api/v1/query");
            using var request = new HttpRequestMessage(HttpMethod.Post, api) { Content = content };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) throw new DwcpMetricsException($"Prometheus answered {(int)response.StatusCode}.");
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            return Parse(document.RootElement);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new DwcpMetricsException($"Prometheus could not be asked: {e.Message}", e);
        }
    }

    /// <summary>The samples of an instant vector.</summary>
    /// <exception cref="DwcpMetricsException">It is not one.</exception>
    internal static IReadOnlyList<MetricSample> Parse(JsonElement answer)
    {
        if (answer.GetProperty("status").GetString() != "success") throw new DwcpMetricsException($"Prometheus refused the query: {(answer.TryGetProperty("error", out var error) ? error.GetString() : "no reason given")}");
        var data = answer.GetProperty("data");
        if (data.GetProperty("resultType").GetString() != "vector") throw new DwcpMetricsException("Prometheus answered something else than an instant vector.");
        var samples = new List<MetricSample>();
        foreach (var series in data.GetProperty("result").EnumerateArray())
        {
            var name = "";
            var labels = new List<KeyValuePair<string, string>>();
            foreach (var label in series.GetProperty("metric").EnumerateObject())
                if (label.Name == "__name__") name = label.Value.GetString() ?? "";
                else labels.Add(new(label.Name, label.Value.GetString() ?? ""));
            samples.Add(new MetricSample(name, labels, Number(series.GetProperty("value")[1].GetString())));
        }
        return samples;

        static double Number(string? text) => text switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
            _ => throw new DwcpMetricsException($"Prometheus answered the value '{text}'."),
        };
    }
}
