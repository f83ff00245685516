namespace NovaCron.Dwcp.Aws;

/// <summary>Which account and region, by the conventions of AWS.Tools.Common.</summary>
public sealed record AwsOptions
{
    /// <summary>Profile of the AWS SDK's store or of ~/.aws; the default chain when null.</summary>
    public string? ProfileName { get; init; }

    /// <summary>Region such as eu-central-1; that of session, environment or profile when null.</summary>
    public string? Region { get; init; }

    /// <summary>The session's variable <c>$StoredAWSCredentials</c> (Set-AWSCredential), if AWS.Tools is loaded.</summary>
    public object? StoredCredentials { get; init; }

    /// <summary>The session's variable <c>$StoredAWSRegion</c> (Set-DefaultAWSRegion).</summary>
    public string? StoredRegion { get; init; }

    /// <summary>File with profiles instead of <c>~/.aws/credentials</c>.</summary>
    public string? ProfileLocation { get; init; }
}
