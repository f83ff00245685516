using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Node.Faults;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RehearsalFaultFile))]
internal sealed partial class RehearsalFaultJson : JsonSerializerContext;
