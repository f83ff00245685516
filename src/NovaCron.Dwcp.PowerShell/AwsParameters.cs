using System.Management.Automation;
using NovaCron.Dwcp.Aws;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>Account and region by the conventions of AWS.Tools.Common: parameters first, then what Set-AWSCredential and Set-DefaultAWSRegion left in the session.</summary>
internal static class AwsParameters
{
    public static AwsOptions Read(PSCmdlet cmdlet, string? profileName, string? region) => new()
    {
        ProfileName = profileName,
        Region = region,
        StoredCredentials = cmdlet.GetVariableValue("StoredAWSCredentials"),
        StoredRegion = cmdlet.GetVariableValue("StoredAWSRegion")?.ToString() is { Length: > 0 } stored ? stored : null,
    };
}
