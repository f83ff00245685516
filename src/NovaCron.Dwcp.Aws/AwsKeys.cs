namespace NovaCron.Dwcp.Aws;

/// <summary>A set of AWS keys. Printed, it shows nothing but which.</summary>
internal readonly record struct AwsKeys(string AccessKey, string SecretKey, string? SessionToken)
{
    public override string ToString() => $"key {AccessKey[..Math.Min(4, AccessKey.Length)]}...";
}
