using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary>How a <see cref="TransferReport"/> is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TransferReport))]
internal sealed partial class TransferReportJson : JsonSerializerContext;
