using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Validation.Monitoring;

namespace NovaCron.Dwcp.Operations.Validation.Custom;

/// <summary>Runs a check of the operator's own like any other.</summary>
internal sealed class CustomCheckRunner(CustomCheck definition) : ValidationCheck(definition.Id, definition.Category, definition.Severity, definition.Title, definition.Remedy)
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken) => definition switch
    {
        { Promql: { } expression } => await QueryAsync(context, expression, cancellationToken).ConfigureAwait(false),
        { Http: { } address } => await GetAsync(context, address, cancellationToken).ConfigureAwait(false),
        _ => await ReadAsync(context, definition.Field!, cancellationToken).ConfigureAwait(false),
    };

    private async Task<CheckFinding> QueryAsync(ValidationContext context, string expression, CancellationToken cancellationToken)
    {
        var series = await MonitoringSource.QueryAsync(context, expression, cancellationToken).ConfigureAwait(false);
        if (series.Count == 0 || series.Any(s => s.Points.Count == 0))
            throw new InconclusiveException($"{expression} has no data");
        var problems = series.Select(s => (s.Labels, Problem: definition.Expect.Problem(s.Points[^1].Value.ToString("R", CultureInfo.InvariantCulture)))).Where(s => s.Problem is not null)
            .Select(s => $"{expression} {(s.Labels.Count == 0 ? "" : $"of {s.Labels.ToJsonString()} ")}{s.Problem}").ToList();
        return CheckFinding.Judge(problems, series.Count, $"{expression}: {series.Count} series as expected");
    }

    private async Task<CheckFinding> GetAsync(ValidationContext context, Uri address, CancellationToken cancellationToken)
    {
        var attempt = await context.Options.AddressProbe.RequestAsync(address, address.Authority, HttpMethod.Get, null, verify: true, cancellationToken).ConfigureAwait(false);
        if (attempt.Status == 0)
            throw new InconclusiveException($"{address} cannot be reached from this machine: {attempt.Detail}");
        if (attempt.Status != definition.Expect.Status)
            return CheckFinding.Fail($"{address} answered {attempt.Status}, expected {definition.Expect.Status}: {ValidationContext.Start(attempt.Body)}");
        return definition.Expect.Problem(attempt.Body.Trim()) is { } problem ? CheckFinding.Fail($"the answer of {address} {problem}") : CheckFinding.Pass($"{address} answered {attempt.Status}");
    }

    private async Task<CheckFinding> ReadAsync(ValidationContext context, CustomField field, CancellationToken cancellationToken)
    {
        var resource = await context.Connection.ResolveAsync(field.ApiVersion, field.Kind, cancellationToken).ConfigureAwait(false);
        var @namespace = resource.Namespaced ? field.Namespace ?? context.Namespace : null;
        var target = resource.Describe(@namespace, field.Name);
        JsonNode? node = await context.Connection.FindAsync(resource, @namespace, field.Name, cancellationToken).ConfigureAwait(false);
        if (node is null)
            return CheckFinding.Fail($"{target} does not exist");
        foreach (var step in field.Pointer.Split('/').Skip(1).Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            node = node switch
            {
                JsonObject map => map[step],
                JsonArray list when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
                _ => null,
            };
        }

        if (node is null)
            return CheckFinding.Fail($"{target} has no {field.Pointer}");
        var value = node is JsonValue ? node.ToString() : node.ToJsonString();
        return definition.Expect.Problem(value) is { } problem ? CheckFinding.Fail($"{target} {field.Pointer} {problem}") : CheckFinding.Pass($"{target} {field.Pointer} is {ValidationContext.Start(value)}");
    }
}
