namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What a pod itself answered.</summary>
/// <param name="StatusCode">HTTP status.</param>
/// <param name="Body">Text of the body.</param>
public sealed record PodAnswer(int StatusCode, string Body)
{
    public bool IsSuccess => StatusCode is >= 200 and < 300;
}
