using CsCheck;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Custom;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class CustomCheckTests(ITestOutputHelper output)
{
    private const string Good = """
        checks:
          - id: custom-backup
            title: The backup runs
            category: Monitoring
            severity: High
            remedy: Start it.
            promql: sum(up{job="restic"})
            expect: {atLeast: 1}
          - id: custom-status
            title: The status page answers
            category: integration
            severity: low
            remedy: Ask the web team.
            http: https://status.example.com/health
            expect: {status: 200, contains: version}
          - id: custom-replicas
            title: Three nodes at least may be wanted
            category: Infrastructure
            severity: Critical
            remedy: Raise node.maximumReplicas.
            field: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: dwcp-v3, pointer: /spec/maxReplicas}
            expect: {atLeast: 3}
        """;

    private static readonly ValidationOptions Options = new() { Profile = ValidationProfile.Rehearsal, CustomChecks = CustomCheckFile.Parse("own.yaml", Good) };

    [Fact]
    public async Task Checks_of_the_operators_own_run_and_count_like_others()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var report = await rig.RunAsync(Options);
        Assert.Equal(ValidationDecision.Go, report.Decision);
        Assert.Equal(3, report.Checks.Count(c => c.Id.StartsWith("custom-", StringComparison.Ordinal) && c.Status == CheckStatus.Pass));
        Assert.Equal(report.Checks.Select(c => c.Category).Order(), report.Checks.Select(c => c.Category));
    }

    /// <summary>Each kind, wrong and without data.</summary>
    [Theory]
    [InlineData("custom-backup", "0", CheckStatus.Fail, "is 0, expected at least 1")]
    [InlineData("custom-backup", "NaN", CheckStatus.Error, "is no number")]
    [InlineData("custom-backup", null, CheckStatus.Error, "has no data")]
    [InlineData("custom-status", "500", CheckStatus.Fail, "answered 500, expected 200")]
    [InlineData("custom-status", "200", CheckStatus.Fail, "does not hold 'version'")]
    [InlineData("custom-status", "0", CheckStatus.Error, "cannot be reached")]
    [InlineData("custom-replicas", "2", CheckStatus.Fail, "is 2, expected at least 3")]
    [InlineData("custom-replicas", null, CheckStatus.Fail, "does not exist")]
    public async Task What_is_not_as_expected_fails_and_what_cannot_be_seen_is_an_error(string id, string? value, CheckStatus status, string detail)
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        const string Scaler = "apis/autoscaling/v2/namespaces/staging/horizontalpodautoscalers/dwcp-v3";
        if (id == "custom-backup")
        {
            rig.Nodes.Monitoring.Break = (_, call, _) => call.Contains("restic", StringComparison.Ordinal)
                ? (200, $$$"""{"status":"success","data":{"resultType":"vector","result":[{{{(value is null ? "" : $$"""{"metric":{},"value":[1,"{{value}}"]}""")}}}]}}""") : null;
        }
        else if (id == "custom-status")
        {
            rig.Addresses.BreakHttp = (a, x) => a.Host == "status.example.com" ? new HttpAttempt(int.Parse(value!, System.Globalization.CultureInfo.InvariantCulture), "ok", "refused") : x;
        }
        else if (value is null)
        {
            rig.Server.Objects.Remove(Scaler);
        }
        else
        {
            rig.Server.Change(Scaler, s => s["spec"]!["maxReplicas"] = 2);
        }

        var report = await rig.RunAsync(Options);
        var check = report.Checks.Single(c => c.Id == id);
        Assert.Equal(status, check.Status);
        Assert.Contains(detail, check.Detail);
    }

    [Theory]
    [InlineData("checks: []", "own.yaml:1")]
    [InlineData("check:\n  - id: custom-x", "own.yaml:1: has an unknown key 'check'")]
    [InlineData("checks:\n  - id: infra-drift\n    title: x", "own.yaml:2: id is 'infra-drift'")]
    [InlineData("checks:\n  - id: custom-x\n    title: x\n    colour: red", "own.yaml:4: has an unknown key 'colour'")]
    [InlineData("checks:\n  - id: custom-x\n    title: x\n    category: Monitoring\n    severity: High\n    remedy: y", "needs exactly one of promql, http and field")]
    [InlineData("checks:\n  - id: custom-x\n    title: x\n    category: Monitoring\n    severity: High\n    remedy: y\n    promql: up", "could not fail")]
    [InlineData("checks:\n  - id: custom-x\n    title: x\n    category: Colour\n    severity: High\n    remedy: y\n    promql: up\n    expect: {atLeast: 1}", "own.yaml:4: category is 'Colour'")]
    [InlineData("checks:\n  - id: custom-x\n    title: x\n    category: Monitoring\n    severity: High\n    remedy: y\n    http: http://me:secret@x/", "without a password")]
    [InlineData("checks:\n  - id: custom-x\n    title: x\n    category: Monitoring\n    severity: High\n    remedy: y\n    field: {apiVersion: v1, kind: Secret, name: x, pointer: /data}\n    expect: {equals: x}", "what is in Secrets")]
    [InlineData("checks:\n  - &a {id: custom-x}\n  - *a", "an anchor or an alias")]
    [InlineData("checks: [[[[[[[[[[x]]]]]]]]]]", "nested deeper than 8")]
    [InlineData("checks: [", "is no valid YAML")]
    public void What_is_wrong_is_told_with_file_and_line(string text, string expected)
    {
        var e = Assert.Throws<DwcpValidationException>(() => CustomCheckFile.Parse("own.yaml", text));
        output.WriteLine(e.Message);
        Assert.Contains(expected, e.Message);
    }

    /// <summary>Whatever the text, it is read, or refused by its own error.</summary>
    [Fact]
    public void No_text_breaks_the_reader()
    {
        var pieces = new[] { "checks:", "\n  - ", "id: custom-a", "title: ", "{", "}", "[", "]", "&a ", "*a", ": ", "\n", "  ", "\t", "'", "\"", "|", ">", "---", "!!int ", "%YAML 1.2\n", "\0", "expect: {atLeast: ", "1e999", "\ud800", "? ", "<<: " };
        Gen.Select(Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]), Gen.Char.Array[0, 3]).Select((p, c) => p + new string(c)).Array[0, 30].Select(parts => string.Concat(parts)).Sample(text =>
        {
            try
            {
                CustomCheckFile.Parse("own.yaml", text);
            }
            catch (DwcpValidationException)
            {
                // Refused.
            }
        }, iter: 3000);
        // A good file with a piece cut out or put in.
        Gen.Select(Gen.Int[0, Good.Length - 1], Gen.Int[0, 40], Gen.Int[0, pieces.Length - 1].Select(i => pieces[i])).Sample((at, length, piece) =>
        {
            try
            {
                CustomCheckFile.Parse("own.yaml", Good[..at] + piece + Good[Math.Min(Good.Length, at + length)..]);
            }
            catch (DwcpValidationException)
            {
                // Refused.
            }
        }, iter: 3000);
    }

    [Fact]
    public void A_deep_text_is_refused_before_it_is_built() =>
        Assert.Contains("nested deeper", Assert.Throws<DwcpValidationException>(() => CustomCheckFile.Parse("own.yaml", "checks: " + new string('[', 200_000))).Message);
}
