using System.Text.Json.Serialization;
using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Diagnostics;

namespace NovaCron.Dwcp.Node.Http;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ReadyAnswer))]
[JsonSerializable(typeof(SessionQuestion))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(FlagsAnswer))]
[JsonSerializable(typeof(ComponentAnswer))]
[JsonSerializable(typeof(ComponentsAnswer))]
[JsonSerializable(typeof(ConnectivityAnswer))]
[JsonSerializable(typeof(NetworkAnswer))]
[JsonSerializable(typeof(PeersAnswer))]
[JsonSerializable(typeof(PeerRecord))]
[JsonSerializable(typeof(ConfigurationAnswer))]
[JsonSerializable(typeof(BenchmarkResult))]
[JsonSerializable(typeof(DrainAnswer))]
[JsonSerializable(typeof(GuardAnswer))]
internal sealed partial class NodeJson : JsonSerializerContext;
