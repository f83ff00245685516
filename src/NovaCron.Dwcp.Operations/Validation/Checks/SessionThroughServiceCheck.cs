using System.Text;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A client that knows only the Service gets an answer.</summary>
internal sealed class SessionThroughServiceCheck() : ValidationCheck(
    "integration-service", CheckCategory.Integration, CheckSeverity.High, "A session opens through Service dwcp-v3",
    "Look at the endpoints of Service dwcp-v3 and its targetPort.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var question = Encoding.UTF8.GetBytes($$"""{"clientId":"{{ValidationContext.ProbeClient}}","versions":[1,3]}""");
        var answer = await context.Connection.SendToServiceAsync(context.Namespace, "dwcp-v3", "http", HttpMethod.Post, "/sessions", body: question, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        if (!answer.IsSuccess)
            return CheckFinding.Fail($"{answer.Target} answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}");
        var reply = answer.ReadJson();
        return reply.Whole("version") is 1 or 3 && reply.Text("address") is { Length: > 0 } address && address.EndsWith(":7420", StringComparison.Ordinal)
            ? CheckFinding.Pass($"version {reply.Text("version")}, data at {address}")
            : CheckFinding.Fail($"{answer.Target} answered {ValidationContext.Start(answer.Text)}, expected version and address");
    }
}
