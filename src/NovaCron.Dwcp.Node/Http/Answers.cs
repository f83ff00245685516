using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Diagnostics;
using NovaCron.Dwcp.Node.Faults;

namespace NovaCron.Dwcp.Node.Http;

internal sealed record ErrorAnswer(string Error);

internal sealed record LoopAnswer(string Name, bool Alive, double SecondsSinceBeat, double LimitSeconds);

internal sealed record HealthAnswer(string Status, string Pod, string Version, string Build, double UptimeSeconds, IReadOnlyList<LoopAnswer> Loops);

internal sealed record ReadyAnswer(string Status, bool Draining, IReadOnlyDictionary<string, string> Conditions);

internal sealed record SessionQuestion(string? ClientId, IReadOnlyList<int>? Versions);

internal sealed record SessionAnswer(int Version, string Address);

internal sealed record SessionCountAnswer(long Started, long Active);

internal sealed record SessionsAnswer(SessionCountAnswer V1, SessionCountAnswer V3, SessionCountAnswer Canary);

internal sealed record FlagsAnswer(
    int Flag, int Ceiling, int Effective, string Revision, DateTimeOffset? AppliedAt, bool Known, double? StalenessSeconds, IReadOnlyList<string> Errors,
    string V1, string? Ignored, DateTimeOffset? GuardianSeenAt, bool GuardianLost, string GuardianLostPolicy, double GuardianLostAfterSeconds, bool Draining, SessionsAnswer Sessions);

internal sealed record ComponentMetricAnswer(string Name, string Kind, string Help, double Value);

internal sealed record SelfTestAnswer(bool Passed, string Detail, double Milliseconds, DateTimeOffset At);

internal sealed record ComponentAnswer(string Name, string Health, SelfTestAnswer? LastSelfTest, IReadOnlyList<ComponentMetricAnswer> Metrics);

internal sealed record ComponentsAnswer(IReadOnlyList<ComponentAnswer> Components);

internal sealed record ConnectivityAnswer(bool Ok, IReadOnlyList<ConnectivityResult> Targets);

internal sealed record NetworkAnswer(string Pod, IReadOnlyList<NetworkAttempt> Attempts);

internal sealed record PeersAnswer(bool CacheUp, IReadOnlyList<PeerRecord> Peers);

internal sealed record CertificateAnswer(string Subject, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string Sha256);

internal sealed record ConfigurationAnswer(
    string Pod, string Namespace, string Version, string Build, string Mode, string LogLevel, int Port, int AdminPort, int PrometheusPort, int DataPort,
    string? RedisUrl, string Store, bool CanaryAllowed, double GraceSeconds, bool Rehearsal, RehearsalFaultFile? InjectedFaults,
    int Principals, CertificateAnswer Certificate, FlagsAnswer Flags);

internal sealed record DrainAnswer(bool Draining, long ActiveSessions);

internal sealed record GuardAnswer(string Status, string Pod, string Version, bool Leader, DateTimeOffset? LastSuccess, string? LastError, string? State, int Percent);
