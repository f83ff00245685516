using System.Globalization;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>A complaint of Terraform: what, about which resource, and where in the configuration.</summary>
internal sealed record TerraformDiagnostic(bool IsError, string Summary, string Detail, string? Address, string? Place)
{
    public static TerraformDiagnostic Read(JsonObject diagnostic)
    {
        var range = diagnostic["range"];
        var file = TerraformStream.Text(TerraformStream.At(range, "filename"));
        var line = TerraformStream.At(TerraformStream.At(range, "start"), "line") is JsonValue value && value.TryGetValue<int>(out var number) ? number : 0;
        return new TerraformDiagnostic(
            TerraformStream.Text(diagnostic["severity"]) != "warning",
            TerraformStream.Text(diagnostic["summary"]) ?? "no summary",
            (TerraformStream.Text(diagnostic["detail"]) ?? "").Trim(),
            TerraformStream.Text(diagnostic["address"]),
            file is null ? null : string.Create(CultureInfo.InvariantCulture, $"{file}:{line}"));
    }

    /// <summary>What it is about, for people.</summary>
    public string Target => Address ?? Place ?? "terraform";

    public override string ToString() => Detail.Length == 0 ? $"{Target}: {Summary}" : $"{Target}: {Summary}: {Detail.ReplaceLineEndings(" ")}";
}
