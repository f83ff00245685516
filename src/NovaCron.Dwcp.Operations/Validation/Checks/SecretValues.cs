using System.Text;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Values that must appear nowhere. Certificates are public.</summary>
internal static class SecretValues
{
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IReadOnlyDictionary<string, string> secrets)
    {
        var values = secrets.Where(s => s.Key is not ("tls.crt" or "ca.crt" or "api-keys") && s.Value.Trim().Length >= 8)
            .Select(s => KeyValuePair.Create(s.Key, s.Key == "tls.key" ? s.Value.Split('\n')[1].Trim() : s.Value.Trim())).ToList();
        return values.Count > 0 ? values : throw new InconclusiveException($"Secret {StagingNames.Secrets} has no values to look for");
    }

    /// <summary>As it is, or as Base64 shows it.</summary>
    public static bool IsIn(string text, string value) =>
        text.Contains(value, StringComparison.Ordinal) || text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(value)).TrimEnd('='), StringComparison.Ordinal);
}
