using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>
/// Whatever a validation reads is taken away, one thing at a time, from a deployment that is GO with it: nothing may be so unimportant that its
/// absence goes unnoticed. What is read is recorded from a healthy run, so that a new check is covered on the day that it is written.
/// </summary>
public sealed partial class FalseGoTests(ITestOutputHelper output)
{
    private static readonly ValidationOptions Options = new()
    {
        Profile = ValidationProfile.Rehearsal, CheckTimeout = TimeSpan.FromMinutes(1),
    };

    [Fact]
    public async Task No_request_may_fail_unnoticed()
    {
        var requests = await RequestsAsync();
        Assert.True(requests.Count > 60, $"only {requests.Count} requests");
        await WithEachAsync(requests, Options, (rig, request) =>
            rig.Server.Intercept = (q, _) => Name(q) == request ? FakeApiServer.Failure(500, "InternalError", "etcdserver: request timed out") : null, (request, report) =>
        {
            Assert.Contains("etcdserver: request timed out", string.Join('\n', report.Checks.Select(c => c.Detail).Append(report.Reason)));
            // A broken API server is nobody's defect: nothing may be found to be wrong because of it.
            if (!request.Contains("/proxy/", StringComparison.Ordinal))
                Assert.Empty(report.Checks.Where(c => c.Status == CheckStatus.Fail).Select(c => $"{request}: {c.Id}: {c.Detail}"));
        });
    }

    [Fact]
    public async Task No_answer_may_be_empty_unnoticed()
    {
        // What these say is their status; the wrong keys of security-admin-key expect a refusal.
        var requests = (await RequestsAsync()).Where(r => r.Contains("/proxy/", StringComparison.Ordinal)
            && !r.EndsWith("/health", StringComparison.Ordinal) && !r.EndsWith("/ready", StringComparison.Ordinal) && !r.EndsWith("/diagnostics/components", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(requests);
        await WithEachAsync(requests, Options, (rig, request) => rig.Server.Intercept = (q, _) =>
            Name(q) == request ? new HttpResponseMessage { Content = new StringContent(request.EndsWith("/metrics", StringComparison.Ordinal) ? "" : "{}") } : null);
    }

    [Fact]
    public async Task No_request_may_hang_unnoticed()
    {
        // The runner's own records have the connection's limit, which is another test's.
        var requests = (await RequestsAsync()).Where(r => !IsRecord(r)).ToList();
        // Hanging ends with the checks: the runner reads some of the same objects once more.
        await WithEachAsync(requests, Options with { LongestCheck = TimeSpan.FromSeconds(1) }, (rig, request) => rig.Server.Hang = q => Name(q) == request && !rig.HasEnded);
    }

    [Fact]
    public async Task No_metric_may_be_missing_or_not_a_number_unnoticed()
    {
        var families = await FamiliesAsync();
        Assert.True(families.Count > 20, $"only {families.Count} families");
        foreach (var family in families)
        {
            foreach (var value in new[] { null, "NaN", "+Inf" })
            {
                // Ratios of the last minute have no value without traffic.
                if (value is not null && family is "dwcp_error_rate" or "dwcp_latency_p99_ms" or "dwcp_compression_ratio")
                    continue;
                using var rig = await ValidationRig.StartApprovedAsync();
                rig.Nodes.EditMetrics = page => string.Join('\n', page.Split('\n')
                    .Where(l => value is not null || FamilyOf(l) != family).Select(l => FamilyOf(l) == family ? l[..(l.LastIndexOf(' ') + 1)] + value : l)) + "\n";
                var report = await rig.RunAsync(Options);
                Assert.True(report.ExitCode != 0, $"{family} {value ?? "missing"} is still {report.DecisionText}");
                // Named by itself, or by the prefix of its component.
                var named = report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error)
                    .Any(c => c.Detail.Contains(family, StringComparison.Ordinal) || c.Detail.Contains(string.Join('_', family.Split('_')[..2]) + "_*", StringComparison.Ordinal));
                Assert.True(named, $"{family} {value ?? "missing"} is not named: {report.Reason}");
            }
        }
    }

    /// <summary>A run for each request, a few side by side, none of which may be GO.</summary>
    private async Task WithEachAsync(IReadOnlyList<string> requests, ValidationOptions options, Action<ValidationRig, string> inject, Action<string, DwcpValidationReport>? check = null)
    {
        var reports = new ConcurrentDictionary<string, DwcpValidationReport>();
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, token) =>
        {
            using var rig = await ValidationRig.StartApprovedAsync();
            inject(rig, request);
            // What asks again and again gives up soon.
            if (request.EndsWith("/flags", StringComparison.Ordinal))
                rig.FlagDelay = TimeSpan.FromMilliseconds(50);
            if (request.Contains("/proxy/", StringComparison.Ordinal))
                rig.RollbackLimit = TimeSpan.FromMilliseconds(500);
            if (request.Contains("/proxy/api/v2/", StringComparison.Ordinal))
                rig.AlertPatience = TimeSpan.FromMilliseconds(50);
            reports[request] = await rig.RunAsync(options, token);
        });
        foreach (var (request, report) in reports.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{request}: {report.DecisionText}: {report.Reason}");
            Assert.True(report.ExitCode != 0, $"{request} is still {report.DecisionText}");
            check?.Invoke(request, report);
        }
    }

    private static bool IsRecord(string request) => request.EndsWith("configmaps/dwcp-v3-validation", StringComparison.Ordinal) || request.EndsWith("/selfsubjectreviews", StringComparison.Ordinal);

    private static async Task<IReadOnlyList<string>> RequestsAsync()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var names = new ConcurrentDictionary<string, bool>();
        rig.Server.Intercept = (q, _) =>
        {
            names[Name(q)] = true;
            return null;
        };
        Assert.Equal(ValidationDecision.Go, (await rig.RunAsync(Options)).Decision);
        // Pods of a kind are asked the same; one of them is enough.
        return [.. names.Keys.Order(StringComparer.Ordinal).DistinctBy(n => PodName().Replace(n, "pod$1"))];
    }

    private static async Task<IReadOnlyList<string>> FamiliesAsync()
    {
        using var rig = await ValidationRig.StartAsync();
        IReadOnlyList<string> families = [];
        rig.Nodes.EditMetrics = page =>
        {
            families = [.. page.Split('\n').Select(FamilyOf).Where(f => f.StartsWith("dwcp_", StringComparison.Ordinal)).Distinct()];
            return page;
        };
        await rig.RunAsync(Options);
        return families;
    }

    private static string FamilyOf(string line) => line.Split('{', ' ')[0];

    private static string Name(HttpRequestMessage request) =>
        $"{request.Method} {request.RequestUri!.AbsolutePath}{(request.RequestUri.AbsolutePath.Contains("/proxy/", StringComparison.Ordinal) ? request.RequestUri.Query : "")}";

    [GeneratedRegex("dwcp-v3(-guardian|-redis)?-pod-[0-9]")]
    private static partial Regex PodName();
}
