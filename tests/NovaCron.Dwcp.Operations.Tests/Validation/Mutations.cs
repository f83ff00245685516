using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Probes;
using static NovaCron.Dwcp.Operations.Validation.CheckStatus;
using static NovaCron.Dwcp.Operations.Validation.ValidationDecision;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>For every check at least one defect that it must find.</summary>
internal static class Mutations
{
    private const string Ns = "api/v1/namespaces/staging";
    private const string Net = "apis/networking.k8s.io/v1/namespaces/staging";
    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";
    private const string Scaler = "apis/autoscaling/v2/namespaces/staging/horizontalpodautoscalers/dwcp-v3";

    /// <summary>Long enough for a healthy node on a busy machine.</summary>
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(3);

    private static readonly string[] ComponentNames = ["AMST", "HDE", "PBA", "ASS", "ACP", "ITP"];
    private static readonly string[] Components = [.. ComponentNames.Select(n => $"component-{n.ToLowerInvariant()}")];

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("infra-namespace", "label removed", r => r.Server.Change(Ns, n => ((JsonObject)n["metadata"]!["labels"]!).Remove("app.kubernetes.io/part-of")), Fail, NoGo, "infra-drift"),
        new("infra-pod-security", "enforce=baseline", r => r.Server.Change(Ns, n => n["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"] = "baseline"), Fail, NoGo, "infra-drift"),
        new("infra-deployments", "guardian deleted", r => r.Server.Objects.Remove(ValidationRig.Deployment("dwcp-v3-guardian")), Fail, NoGo, "infra-drift"),
        new("infra-deployments", "scaled to 0", r => r.Server.Change(ValidationRig.Deployment("dwcp-v3-redis"), d => d["spec"]!["replicas"] = 0), Fail, NoGo, "infra-services", "health-redis"),
        new("infra-deployments", "generation not observed", r => r.Server.Objects[ValidationRig.Deployment()]["metadata"]!["generation"] = 9, Fail, NoGo),
        new("infra-services", "UDP port removed", r => r.Server.Change($"{Ns}/services/dwcp-v3", s => s["spec"]!["ports"]!.AsArray().RemoveAt(3)), Fail, NoGo, "infra-drift"),
        new("infra-services", "no ready endpoint", r => r.Server.Change("apis/discovery.k8s.io/v1/namespaces/staging/endpointslices/dwcp-v3-slice", s => s["endpoints"] = new JsonArray()), Fail, NoGo),
        new("infra-configuration", "REDIS_URL removed", r => r.Config("REDIS_URL", null), Fail, NoGo, "infra-drift"),
        new("infra-configuration", "ConfigMap deleted", r => r.Server.Objects.Remove($"{Ns}/configmaps/dwcp-v3-config"), Error, NoGo, "infra-autoscaler", "infra-drift", "infra-image-digests", "infra-release", "health-injected-faults", "security-certificate", "security-image-scan", "security-network-effect", "flags-effective-configuration", "flags-keys", "flags-mode", "flags-propagation", "flags-revision", "flags-zero", "health-drain-drill", "performance-rollback-drill"),
        new("infra-secrets", "weak key", r => r.SetSecret("ticket-key", "changeme"), Fail, NoGo, "infra-drift"),
        new("infra-secrets", "key missing", r => r.SetSecret("redis-password", null), Fail, NoGo, "infra-drift"),
        new("infra-secrets", "same value twice", r => r.SetSecret("ticket-key", r.Secret("diagnostics-key")), Fail, NoGo, "infra-drift"),
        new("infra-labels", "component label removed", r => r.Server.Change($"{Ns}/services/dwcp-v3", s => ((JsonObject)s["metadata"]!["labels"]!).Remove("app.kubernetes.io/component")), Fail, NoGo, "infra-drift"),
        new("infra-autoscaler", "minReplicas 1", r => r.Server.Change(Scaler, h => h["spec"]!["minReplicas"] = 1), Fail, NoGo, "infra-disruption", "infra-drift"),
        new("infra-autoscaler", "target renamed", r => r.Server.Change(Scaler, h => h["spec"]!["scaleTargetRef"]!["name"] = "x"), Fail, NoGo, "infra-drift"),
        new("infra-disruption", "budget deleted", r => r.Server.Objects.Remove("apis/policy/v1/namespaces/staging/poddisruptionbudgets/dwcp-v3"), Fail, NoGo, "infra-drift"),
        new("infra-drift", "limit edited by hand", r => r.Container(c => c["resources"]!["limits"]!["cpu"] = "9"), Fail, NoGo),
        new("infra-drift", "object deleted", r => r.Server.Objects.Remove($"{Net}/ingresses/dwcp-v3"), Fail, NoGo, "integration-ingress"),
        new("infra-drift", "record deleted", r => r.Server.Objects.Remove($"{Ns}/configmaps/{StagingNames.Record}"), Error, Undecided, "infra-release", "monitoring-alert", "monitoring-dashboards", "monitoring-rules", "monitoring-series", "monitoring-targets", "integration-ingress", "integration-load-balancer"),
        new("infra-store", "claim pending", r => r.Server.Objects[$"{Ns}/persistentvolumeclaims/dwcp-v3-store"]["status"]!["phase"] = "Pending", Fail, NoGo),
        new("infra-store", "ephemeral", r => r.PodSpec(p => p["volumes"]![1] = new JsonObject { ["name"] = "store", ["emptyDir"] = new JsonObject() }), Fail, NoGo, "infra-drift"),
        new("infra-store", "ReadWriteOnce", r => r.Server.Objects[$"{Ns}/persistentvolumeclaims/dwcp-v3-store"]["spec"]!["accessModes"]![0] = "ReadWriteOnce", Fail, NoGo, "infra-drift"),
        new("infra-release", "node of another release", r => r.Nodes.EditConfiguration = c => c["version"] = "2.9.0", Fail, NoGo, "flags-effective-configuration"),
        new("infra-custom-resources", "binding deleted", r => r.Server.Objects.Remove("apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/dwcp-approver-is-author"), Fail, NoGo, "infra-drift"),
        new("health-nodes-ready", "pod not ready", r => r.Pod(NotReady), Fail, NoGo),
        new("health-nodes-ready", "all pods gone", r => RemovePods(r), Error, Undecided, [.. Components, "infra-autoscaler", "infra-image-digests", "infra-release", "infra-services", "health-endpoints", "health-injected-faults", "health-redis", "component-log-errors", "performance-baseline", "performance-error-rate", "performance-service-time", "performance-throughput", "security-admin-key", "security-certificate", "security-image-scan", "monitoring-families", "monitoring-freshness", "monitoring-logs", "monitoring-series", "monitoring-targets", "health-drain-drill", "performance-compression", "performance-rollback-drill", "flags-effective-configuration", "flags-propagation", "flags-revision", "flags-split", "flags-zero", "integration-dependencies", "integration-pod-to-pod", "security-network-effect"]),
        new("health-endpoints", "/ready 503", r => r.Nodes.Break = (p, _, c) => p.EndsWith('1') && c == "GET /ready" ? (503, "draining") : null, Fail, NoGo),
        new("health-endpoints", "port closed", r => r.Nodes.Break = (_, port, _) => port == "9090" ? (-1, "connection refused") : null, Error, Undecided, [.. Components, "performance-error-rate", "performance-service-time", "monitoring-families", "monitoring-freshness"]),
        new("health-redis", "wrong password", r => r.Nodes.Break = Connectivity("redis"), Fail, NoGo, "integration-dependencies"),
        new("health-restarts", "crash loop", r => r.Pod(Crashing), Fail, NoGo),
        new("health-restarts", "restart count missing", r => r.Pod(p => ((JsonObject)p["status"]!["containerStatuses"]![0]!).Remove("restartCount")), Error, Undecided),
        new("health-guardian", "Lease stale", r => Lease(r, l => l["spec"]!["renewTime"] = DateTimeOffset.UtcNow.AddMinutes(-5).ToString("O")), Fail, NoGo),
        new("health-guardian", "leader is no pod", r => Lease(r, l => l["spec"]!["holderIdentity"] = "somebody"), Fail, NoGo),
        new("health-guardian", "no Lease", r => r.Server.Objects.Remove("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian"), Fail, NoGo),
        new("health-probes", "no liveness probe", r => r.Container(c => c.Remove("livenessProbe")), Fail, NoGo, "infra-drift"),
        new("health-probes", "liveness is readiness", r => r.Container(c => c["livenessProbe"]!["httpGet"]!["path"] = "/ready"), Fail, NoGo, "infra-drift"),
        new("health-drain", "no preStop", r => r.Container(c => c.Remove("lifecycle")), Fail, NoGo, "infra-drift"),
        new("health-drain", "maxUnavailable 1", r => r.Server.Change(ValidationRig.Deployment(), d => d["spec"]!["strategy"]!["rollingUpdate"]!["maxUnavailable"] = 1), Fail, NoGo, "infra-drift"),
        new("health-injected-faults", "fault left active", r => r.Nodes.EditConfiguration = c => c["injectedFaults"] = JsonNode.Parse("""{"v1":{"failShare":0},"v3":{"failShare":0.5}}"""), Fail, NoGo),
        .. ComponentNames.SelectMany(name => new Mutation[]
        {
            new($"component-{name.ToLowerInvariant()}", "self-test fails", r => r.Nodes.Break = (_, _, c) => c.EndsWith($"component={name}", StringComparison.Ordinal) ? (200, """{"health":"failed","lastSelfTest":{"passed":false,"detail":"mismatch"}}""") : null, Fail, NoGo),
            new($"component-{name.ToLowerInvariant()}", "metrics missing", r => r.Nodes.EditMetrics = m => Without(m, $"dwcp_{name.ToLowerInvariant()}_"), Fail, NoGo),
            new($"component-{name.ToLowerInvariant()}", "health gauge 0", r => r.Nodes.EditMetrics = m => m.Replace($"dwcp_component_health{{component=\"{name}\"}} 1", $"dwcp_component_health{{component=\"{name}\"}} 0", StringComparison.Ordinal), Fail, NoGo),
        }),
        new("component-amst", "metrics stand still", r => r.Nodes.Frozen = true, Fail, NoGo, "component-acp", "component-ass", "component-hde", "component-itp", "component-pba", "monitoring-freshness"),
        new("component-hde", "NaN", r => r.Nodes.EditMetrics = m => m.Replace("dwcp_hde_bytes_total ", "dwcp_hde_bytes_total NaN #", StringComparison.Ordinal), Fail, NoGo, "monitoring-families"),
        new("component-pba", "diagnostics key wrong", r => r.Nodes.Break = (_, _, c) => c.Contains("selftest", StringComparison.Ordinal) ? (401, "no") : null, Error, Undecided, "component-acp", "component-amst", "component-ass", "component-hde", "component-itp"),
        new("component-log-errors", "error logged", r => r.Server.Log = _ => """{"time":"2026-05-01T12:00:00Z","level":"error","logger":"x","message":"corrupt chunk"}""", Fail, NoGo),
        new("component-log-errors", "log empty", r => r.Server.Log = _ => "", Error, Undecided, "security-secret-logs", "monitoring-logs"),
        new("performance-error-rate", "one in six fails", r => r.Probe.ErrorsPerTransfer = 1, Fail, Review),
        new("performance-error-rate", "no traffic counted", r => r.Probe.RequestsPerTransfer = 0, Error, NoGo, "performance-service-time"),
        new("performance-error-rate", "counter missing", r => r.Nodes.EditMetrics = m => Without(m, "dwcp_requests_total"), Error, NoGo, "performance-service-time", "monitoring-families"),
        new("performance-error-rate", "counter NaN", r => r.Nodes.EditMetrics = m => m.Replace("outcome=\"ok\"} ", "outcome=\"ok\"} NaN #", StringComparison.Ordinal), Error, NoGo, "performance-service-time", "monitoring-families"),
        new("performance-service-time", "one in six slow", r => r.Probe.SlowPerTransfer = 1, Fail, Review),
        new("performance-service-time", "no bucket of 0.1", r => r.Nodes.EditMetrics = m => m.Replace("le=\"0.1\"", "le=\"0.2\"", StringComparison.Ordinal), Error, NoGo, "performance-error-rate"),
        new("performance-throughput", "too slow", r => r.Nodes.Break = Benchmark("1e6", 3), Fail, Review),
        new("performance-throughput", "transferred with v1", r => r.Nodes.Break = Benchmark("5e9", 1), Error, Undecided, [.. Components, "performance-baseline"]),
        new("security-non-root", "root", r => r.PodSpec(p => { p["securityContext"]!["runAsNonRoot"] = false; ((JsonObject)p["containers"]![0]!["securityContext"]!).Remove("runAsNonRoot"); }), Fail, NoGo, "infra-drift"),
        new("security-non-root", "user 0", r => r.PodSpec(p => p["securityContext"]!["runAsUser"] = 0, "dwcp-v3-redis"), Fail, NoGo, "infra-drift"),
        new("security-privilege", "privileged", r => r.Container(c => c["securityContext"]!["privileged"] = true), Fail, NoGo, "infra-drift"),
        new("security-privilege", "escalation", r => r.Container(c => ((JsonObject)c["securityContext"]!).Remove("allowPrivilegeEscalation")), Fail, NoGo, "infra-drift"),
        new("security-capabilities", "NET_ADMIN", r => r.Container(c => c["securityContext"]!["capabilities"]!["add"] = new JsonArray("NET_ADMIN")), Fail, NoGo, "infra-drift"),
        new("security-seccomp", "unconfined", r => r.Container(c => c["securityContext"]!["seccompProfile"]!["type"] = "Unconfined"), Fail, NoGo, "infra-drift"),
        new("security-read-only-root", "writable", r => r.Container(c => c["securityContext"]!["readOnlyRootFilesystem"] = false), Fail, NoGo, "infra-drift"),
        new("security-host-access", "hostPath", r => r.PodSpec(p => p["volumes"]!.AsArray().Add(new JsonObject { ["name"] = "h", ["hostPath"] = new JsonObject { ["path"] = "/" } })), Fail, NoGo, "infra-drift"),
        new("security-host-access", "host network, running pod only", r => r.Pod(p => p["spec"]!["hostNetwork"] = true), Fail, NoGo),
        new("security-limits", "no memory limit", r => r.Container(c => ((JsonObject)c["resources"]!["limits"]!).Remove("memory")), Fail, NoGo, "infra-drift"),
        new("security-secret-exposure", "key in environment", r => r.Container(c => c["env"]!.AsArray().Add(new JsonObject { ["name"] = "KEY", ["value"] = "x" + r.Secret("client-api-key") })), Fail, NoGo, "infra-drift"),
        new("security-secret-exposure", "key in a ConfigMap", r => r.Config("LOG_LEVEL", r.Secret("redis-password")), Fail, NoGo, "infra-configuration", "infra-drift"),
        new("security-secret-exposure", "secretKeyRef", r => r.Container(c => c["env"]!.AsArray().Add(JsonNode.Parse("""{"name":"K","valueFrom":{"secretKeyRef":{"name":"dwcp-v3-secrets","key":"ticket-key"}}}"""))), Fail, NoGo, "infra-drift"),
        new("security-secret-logs", "key in a log", r => { var key = r.Secret("diagnostics-key"); r.Server.Log = _ => $$"""{"time":"2026-05-01T12:00:00Z","level":"info","logger":"x","message":"key {{key}}"}"""; }, Fail, NoGo),
        new("security-token-mounts", "redis mounts a token", r => r.PodSpec(p => p["automountServiceAccountToken"] = true, "dwcp-v3-redis"), Fail, NoGo, "infra-drift"),
        new("security-permissions", "wildcard", r => r.Server.Change($"{Rbac}/namespaces/staging/roles/dwcp-v3-node", x => x["rules"]![0]!["verbs"] = new JsonArray("*")), Fail, NoGo, "infra-drift"),
        new("security-permissions", "cluster-admin", r => r.Server.Put($"{Rbac}/clusterrolebindings/oops", (JsonObject)JsonNode.Parse("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"oops"},"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"ServiceAccount","name":"dwcp-v3","namespace":"staging"}]}""")!), Fail, NoGo),
        new("security-permissions", "reads secrets", r => r.Server.Change($"{Rbac}/namespaces/staging/roles/dwcp-v3-guardian", x => x["rules"]!.AsArray().Add(JsonNode.Parse("""{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}"""))), Fail, NoGo, "infra-drift"),
        new("security-network-policies", "default deny deleted", r => r.Server.Objects.Remove($"{Net}/networkpolicies/dwcp-v3-default-deny"), Fail, NoGo, "infra-drift"),
        new("security-network-policies", "admin port open", r => r.Server.Change($"{Net}/networkpolicies/dwcp-v3-node", p => p["spec"]!["ingress"]!.AsArray().Add(JsonNode.Parse("""{"ports":[{"port":8081}]}"""))), Fail, NoGo, "infra-drift"),
        new("security-certificate", "expired", r => Certificate(r, DateTimeOffset.UtcNow.AddDays(-400)), Fail, NoGo, "infra-drift"),
        new("security-certificate", "key of another certificate", r => { var (a, k) = NodeCertificate.CreateAuthority("x", DateTimeOffset.UtcNow); r.SetSecret("tls.key", NodeCertificate.Issue(a, k, ["dwcp-v3"], DateTimeOffset.UtcNow).Key); }, Fail, NoGo, "infra-drift"),
        new("security-certificate", "pods serve another one", r => r.Nodes.EditConfiguration = c => c["certificate"]!["sha256"] = new string('0', 64), Fail, NoGo),
        new("security-admin-key", "diagnostics open", r => r.Nodes.Break = (_, _, c) => c == "GET /diagnostics/components" ? (200, "{}") : null, Fail, NoGo),
        new("security-wrong-key", "wrong key accepted", r => r.Probe.Break = (q, x) => q.ApiKey.StartsWith("wrong-", StringComparison.Ordinal) ? x with { Succeeded = true } : x, Fail, NoGo),
        new("security-wrong-key", "failed for another reason", r => r.Probe.Break = (q, x) => q.ApiKey.StartsWith("wrong-", StringComparison.Ordinal) ? x with { CredentialRefused = false, Detail = "connection refused" } : x, Error, Undecided),
        new("security-no-key", "a stranger is let in", r => r.Probe.Break = (q, x) => q.ApiKey.Length == 0 ? x with { Succeeded = true } : x, Fail, NoGo),
        new("security-no-key", "failed for another reason", r => r.Probe.Break = (q, x) => q.ApiKey.Length == 0 ? x with { CredentialRefused = false, Detail = "connection refused" } : x, Error, Undecided),
        new("security-network-effect", "real pods, a network that enforces nothing", r => { Real(r); r.Nodes.Reaches = (_, _, p) => p is "8081/tcp" or "9090/tcp" ? true : null; }, Fail, Review, "security-image-scan"),
        new("security-network-effect", "real pods that get the machine's credentials", r => { Real(r); r.Nodes.Reaches = (_, t, _) => t == "cloud metadata" ? true : null; }, Fail, Review, "security-image-scan"),
        new("security-network-effect", "real pods that reach nothing at all", r => { Real(r); r.Nodes.Reaches = (_, _, _) => false; }, Error, NoGo, "security-image-scan", "integration-pod-to-pod"),
        new("monitoring-families", "family missing", r => r.Nodes.EditMetrics = m => Without(m, "dwcp_corruption_total"), Fail, Review),
        new("monitoring-families", "NaN", r => r.Nodes.EditMetrics = m => m.Replace("dwcp_flag_revision 5", "dwcp_flag_revision NaN", StringComparison.Ordinal), Fail, Review),
        new("monitoring-families", "page malformed", r => r.Nodes.EditMetrics = m => m + "oops {{{\n", Error, Undecided, [.. Components, "performance-error-rate", "performance-service-time"]),
        new("monitoring-freshness", "frozen page", r => r.Nodes.Frozen = true, Fail, NoGo, [.. Components]),
        new("monitoring-logs", "unstructured line", r => r.Server.Log = _ => "hello\n", Fail, Review),
        new("infra-terraform", "a balancer changed by hand", r => { r.TerraformDirectory = "tf"; r.Infrastructure = r.Infrastructure! with { Drift = r.Infrastructure.Drift with { IsDrifted = true, Changes = [new InfrastructureChange("aws_lb.data", "update")] } }; }, Fail, NoGo),
        new("infra-terraform", "an output is missing", r => { r.TerraformDirectory = "tf"; r.Infrastructure = r.Infrastructure! with { Outputs = r.Infrastructure.Outputs.Where(o => o.Key != "data_address").ToDictionary() }; }, Fail, NoGo),
        new("infra-terraform", "the infrastructure of another cluster", r => { r.TerraformDirectory = "tf"; r.Infrastructure = r.Infrastructure! with { Outputs = r.Infrastructure.Outputs.Where(o => o.Key != "cluster_endpoint").Append(new("cluster_endpoint", "https://other.test")).ToDictionary() }; }, Fail, NoGo),
        new("infra-terraform", "Terraform cannot be asked", r => { r.TerraformDirectory = "tf"; r.Infrastructure = null; }, Error, Undecided),
        new("security-tls", "TLS 1.2 is accepted", r => r.Addresses.BreakTls = (p, x) => p == System.Security.Authentication.SslProtocols.Tls12 ? new TlsAttempt(TlsOutcome.Established, "Tls12", true, "") : x, Fail, NoGo),
        new("security-tls", "TLS 1.3 is refused", r => r.Addresses.BreakTls = (_, _) => new TlsAttempt(TlsOutcome.Refused, "", false, "protocol version"), Fail, NoGo),
        new("security-tls", "a proxy shows a certificate of its own", r => r.Addresses.BreakTls = (_, x) => x with { IsTrusted = false }, Fail, NoGo),
        new("security-tls", "the address cannot be reached", r => r.Addresses.BreakTls = (_, _) => new TlsAttempt(TlsOutcome.Unreachable, "", false, "connection refused"), Error, Undecided),
        new("integration-ingress", "no controller took the Ingress", r => { Real(r); ((JsonObject)r.Server.Objects[$"{Net}/ingresses/dwcp-v3"]).Remove("status"); }, Fail, NoGo, "security-image-scan"),
        new("integration-ingress", "the Ingress leads nowhere", r => r.Addresses.BreakHttp = (_, x) => x with { Status = 503, Body = "no endpoints" }, Fail, NoGo),
        new("integration-ingress", "something else answers", r => r.Addresses.BreakHttp = (_, x) => x with { Body = "<html>" }, Fail, NoGo),
        new("integration-ingress", "the Ingress cannot be reached", r => r.Addresses.BreakHttp = (_, x) => x with { Status = 0, Detail = "connection refused" }, Error, Undecided),
        new("performance-baseline", "a fifth slower than the last GO", r => r.Nodes.Break = Benchmark("4e9", 3, "9e9"), Fail, Review),
        new("performance-baseline", "saves less than the last GO", r => r.Nodes.Break = (_, _, c) => c == "POST /diagnostics/benchmark?kind=codec" ? (200, """{"bytesPerSecond":1e8,"figures":{"percentSaved":50},"memoryCopyBytesPerSecond":9e9}""") : null, Fail, Review),
        new("performance-baseline", "the codec fails", r => r.Nodes.Break = (_, _, c) => c == "POST /diagnostics/benchmark?kind=codec" ? (500, "block 3 did not decode") : null, Error, NoGo),
        new("performance-baseline", "the baseline is garbage", r => r.Server.Change($"{Ns}/configmaps/dwcp-v3-validation", m => m["data"]!["baseline"] = "{"), Error, NoGo),
        new("performance-rollback-drill", "a v3 transfer is lost", r => r.Probe.Break = (q, x) => q.Number == 30_001 ? x with { Succeeded = false, Detail = "the session was reset" } : x, Fail, NoGo, "health-drain-drill"),
        new("performance-rollback-drill", "new pods do not become ready", r => { r.RollbackLimit = TimeSpan.FromSeconds(2); r.Server.ShapePod = p => { if (p["metadata"]!["annotations"]?[RolloutNames.RestartAnnotation] is not null) NotReady(p); }; }, Fail, Undecided, "health-drain-drill"),
        new("performance-rollback-drill", "the Deployment may not be restarted", r => Forbid(r, "PATCH", "deployments/dwcp-v3", dryRuns: false), Error, Undecided, "health-drain-drill"),
        new("health-drain-drill", "v1 answers a forced v3 client after the restart", r => r.Probe.Break = (q, x) => q.Number == 30_001 ? x with { Version = 1 } : x, Fail, NoGo, "performance-rollback-drill"),
        new("health-drain-drill", "an old pod never ends", r => { r.PodSpec(p => p["terminationGracePeriodSeconds"] = 0); r.Server.Lingers = true; }, Fail, NoGo, "infra-drift", "health-drain"),
        new("monitoring-targets", "a pod is no target", r => Prometheus(r, "/api/v1/targets", a => a["data"]!["activeTargets"]!.AsArray().RemoveAt(0)), Fail, Review),
        new("monitoring-targets", "a target is down", r => Prometheus(r, "/api/v1/targets", a => a["data"]!["activeTargets"]![1]!["health"] = "down"), Fail, Review),
        new("monitoring-targets", "Prometheus is gone", r => r.Server.Objects.Remove("api/v1/namespaces/monitoring/pods/prometheus-pod-0"), Error, Review, "monitoring-series", "monitoring-rules", "monitoring-dashboards"),
        new("monitoring-targets", "Prometheus answers 500", r => r.Nodes.Monitoring.Break = (p, _, _) => p.StartsWith("prometheus", StringComparison.Ordinal) ? (500, "out of memory") : null, Error, Review, "monitoring-series", "monitoring-rules", "monitoring-dashboards"),
        new("monitoring-targets", "real pods, no monitoring", r => { Real(r); WithoutMonitoring(r); }, Error, Review, "monitoring-series", "monitoring-rules", "monitoring-dashboards", "monitoring-alert", "security-image-scan"),
        new("monitoring-series", "nine families of a node", r => Prometheus(r, "__name__", a => { for (var i = 0; i < 3; i++) a["data"]!["result"]!.AsArray().RemoveAt(0); }), Fail, Review),
        new("monitoring-series", "nothing but NaN", r => Prometheus(r, "__name__", a => { foreach (var s in a["data"]!["result"]!.AsArray()) s!["values"] = JsonNode.Parse($"[[{DateTimeOffset.UtcNow.ToUnixTimeSeconds()},\"NaN\"]]"); }), Fail, Review),
        new("monitoring-series", "samples of two minutes ago", r => Prometheus(r, "__name__", a => { foreach (var s in a["data"]!["result"]!.AsArray()) s!["values"] = JsonNode.Parse($"[[{DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 120},\"1\"]]"); }), Fail, Review),
        new("monitoring-rules", "a rule is not loaded", r => Prometheus(r, "/api/v1/rules", a => a["data"]!["groups"]![0]!["rules"]!.AsArray().RemoveAt(2)), Fail, Review),
        new("monitoring-rules", "a rule does not evaluate", r => Prometheus(r, "/api/v1/rules", a => a["data"]!["groups"]![0]!["rules"]![0]!["health"] = "err"), Fail, Review),
        new("monitoring-rules", "rules were evaluated an hour ago", r => Prometheus(r, "/api/v1/rules", a => a["data"]!["groups"]![0]!["rules"]![0]!["lastEvaluation"] = DateTimeOffset.UtcNow.AddHours(-1).ToString("O")), Fail, Review),
        new("monitoring-dashboards", "a panel has no data", r => Prometheus(r, "dwcp_component_health", a => a["data"]!["result"] = new JsonArray()), Fail, Review),
        new("monitoring-dashboards", "a panel shows NaN", r => Prometheus(r, "dwcp_component_health", a => { foreach (var s in a["data"]!["result"]!.AsArray()) s!["value"]![1] = "NaN"; }), Fail, Review),
        new("monitoring-dashboards", "the dashboard was edited", r => r.Server.Change("api/v1/namespaces/monitoring/configmaps/dwcp-v3-deployment-dashboard", m => m["data"]!["dwcp-v3-deployment.json"] = "{}"), Fail, NoGo, "infra-drift"),
        new("monitoring-dashboards", "Grafana is not ready", r => NotReady(r.Server.Get("api/v1/namespaces/monitoring/pods/grafana-pod-0")), Fail, Review),
        new("monitoring-dashboards", "Grafana could not load it", r => { var log = r.Server.Log; r.Server.Log = p => p.StartsWith("grafana", StringComparison.Ordinal) ? "logger=provisioning.dashboard level=error msg=\"failed to load dashboard\"" : log(p); }, Fail, Review),
        new("monitoring-alert", "nobody is notified", r => { r.Nodes.Monitoring.Delivers = null; r.AlertPatience = TimeSpan.FromMilliseconds(50); }, Fail, Review),
        new("monitoring-alert", "the receiver refuses", r => r.Nodes.Monitoring.Delivers = false, Fail, Review),
        new("monitoring-alert", "a silence covers it", r => r.Nodes.Monitoring.Break = (_, c, a) => c.StartsWith("GET /api/v2/alerts", StringComparison.Ordinal) ? (200, a.Replace("active", "suppressed", StringComparison.Ordinal)) : null, Fail, Review),
        new("monitoring-alert", "Alertmanager forgets it", r => { r.Nodes.Monitoring.Break = (_, c, _) => c.StartsWith("GET /api/v2/alerts", StringComparison.Ordinal) ? (200, "[]") : null; r.AlertPatience = TimeSpan.FromMilliseconds(50); }, Fail, Review),
        new("monitoring-alert", "Alertmanager is gone", r => r.Server.Objects.Remove("api/v1/namespaces/monitoring/pods/alertmanager-pod-0"), Error, Review),
        new("flags-zero", "flag 10", r => r.Config("FEATURE_FLAG_V3_ROLLOUT", "10"), Fail, NoGo),
        new("flags-zero", "a node at 100", r => { r.Nodes.Effective = 100; r.RollbackLimit = TimeSpan.FromMilliseconds(50); }, Fail, NoGo, "flags-split", "health-drain-drill", "performance-rollback-drill"),
        new("flags-zero", "a node does not tell", r => FlagAnswer(r, (p, _, c) => p.EndsWith('1') && c == "GET /flags" ? (200, "{}") : null), Error, NoGo, "flags-revision", "flags-propagation", "health-drain-drill", "performance-rollback-drill"),
        new("flags-revision", "old revision", r => FlagsOf(r, f => f["revision"] = "1"), Fail, NoGo, "flags-propagation", "health-drain-drill", "performance-rollback-drill"),
        new("flags-mode", "internet", r => r.Config("DWCP_MODE", "internet"), Fail, NoGo, "infra-drift"),
        new("flags-effective-configuration", "node with an old setting", r => r.Nodes.EditConfiguration = c => c["redisUrl"] = "old:6379", Fail, NoGo),
        new("flags-keys", "misspelt key", r => r.Config("FEATURE_FLAG_V3_ROLOUT", "0"), Fail, NoGo),
        new("flags-keys", "malformed flag", r => r.Config("FEATURE_FLAG_V3_ROLLOUT", "ten"), Fail, NoGo, "flags-effective-configuration", "flags-zero"),
        new("flags-split", "a node sends clients to v3", r => { r.Nodes.Effective = 100; r.RollbackLimit = TimeSpan.FromMilliseconds(50); }, Fail, NoGo, "flags-zero", "health-drain-drill", "performance-rollback-drill"),
        new("integration-dependencies", "no DNS", r => r.Nodes.Break = Connectivity("dns"), Fail, NoGo),
        new("integration-pod-to-pod", "a policy keeps pods from each other's data port", r => r.Nodes.Reaches = (f, _, p) => f.EndsWith('0') && p == "7420/tcp" ? false : null, Fail, NoGo),
        new("integration-pod-to-pod", "datagrams are dropped", r => r.Nodes.Reaches = (_, _, p) => p == "7420/udp" ? false : null, Fail, NoGo),
        new("integration-pod-to-pod", "a pod that the others do not know", r => r.Nodes.IsUnheard = p => p.EndsWith('1'), Error, Undecided),
        new("integration-pod-to-pod", "pods cannot try", r => r.Nodes.Break = (_, _, c) => c == "GET /diagnostics/network" ? (500, "broken") : null, Error, Undecided),
        new("integration-load-balancer", "no balancer took the Service", r => Balanced(r, null), Fail, NoGo, "infra-drift"),
        new("integration-load-balancer", "the balancer carries no transfer", r => { Balanced(r, "192.0.2.20"); r.Probe.Break = (q, x) => q is { Address: "192.0.2.20:7420", Detour: null } ? x with { Succeeded = false, Detail = "connection reset" } : x; }, Fail, NoGo, "infra-drift"),
        new("integration-load-balancer", "the balancer ends TLS", r => { Balanced(r, "192.0.2.20"); r.Addresses.BreakTls = (_, x) => x with { IsTrusted = false }; }, Fail, NoGo, "infra-drift", "security-tls"),
        new("integration-load-balancer", "the balancer cannot be reached", r => { Balanced(r, "192.0.2.20"); r.Addresses.BreakTls = (_, _) => new TlsAttempt(TlsOutcome.Unreachable, "", false, "connection refused"); }, Error, NoGo, "infra-drift", "security-tls"),
        new("integration-service", "Service leads nowhere", r => r.Nodes.Break = (p, _, c) => p == "dwcp-v3" && c == "POST /sessions" ? (502, "bad gateway") : null, Fail, NoGo),
        new("integration-transfer-v1", "hash differs", r => r.Probe.Break = (q, x) => q.Number == 11 ? x with { HashesEqual = false } : x, Fail, NoGo),
        new("integration-transfer-v3", "v1 answered", r => r.Probe.Break = (q, x) => q.Number == 13 ? x with { Version = 1 } : x, Fail, NoGo),
        new("integration-transfer-v3", "no bytes reported", r => r.Probe.Break = (q, x) => q.Number == 13 ? x with { UserBytes = 0 } : x, Error, Undecided),
        new("integration-resume", "transfer lost", r => r.Probe.Break = (q, x) => q.Number == 17 ? x with { Succeeded = false, Detail = "gone" } : x, Fail, NoGo),
        new("integration-resume", "was not interrupted", r => r.Probe.Break = (q, x) => q.Number == 17 ? x with { Resumes = 0 } : x, Error, Undecided),
        new("infra-targets", "production judged by a rehearsal's targets", r => Variable(r, "DWCP_ENVIRONMENT", "production"), Fail, NoGo, "infra-drift"),
        new("infra-image-digests", "real pods, image by tag", r => { Real(r); r.Container(c => { c["image"] = "dwcpd:latest"; c["imagePullPolicy"] = "IfNotPresent"; }); }, Fail, NoGo, "infra-drift", "security-image-scan"),
        new("infra-image-digests", "real pods, loaded by hand, one machine has another image", r => { Real(r); LoadedByHand(r); }, Fail, NoGo, "infra-drift", "security-image-scan"),
        new("security-image-scan", "real pods, nobody scanned", Real, Error, Review),
        new("infra-autoscaler", "real pods, no metrics-server", r => r.Nodes.Rehearsal = false, Fail, NoGo, "security-image-scan"),
        new("infra-custom-resources", "approvals of validations are not bound to a name", r => r.Server.Objects.Remove("apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/dwcp-validation-is-signed"), Fail, NoGo, "infra-drift"),
        new("flags-propagation", "a node applies nothing any more", r => { var stuck = r.Server.Get($"{Ns}/configmaps/dwcp-v3-config")["metadata"]!["resourceVersion"]!.ToString(); FlagsOf(r, f => f["revision"] = stuck); }, Fail, NoGo, "health-drain-drill", "performance-rollback-drill"),
        new("flags-propagation", "somebody else drills", r => r.Server.Put("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-drill", (JsonObject)JsonNode.Parse($$$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"dwcp-v3-drill","namespace":"staging"},"spec":{"holderIdentity":"mallory","leaseDurationSeconds":3600,"renewTime":"{{{DateTimeOffset.UtcNow:O}}}"} }""")!), Error, Undecided, "monitoring-alert", "health-drain-drill", "performance-rollback-drill"),
        new("flags-propagation", "the mark cannot be written", r => Forbid(r, "PATCH", "configmaps/dwcp-v3-config"), Error, Undecided, "health-drain-drill", "performance-rollback-drill"),
        new("infra-services", "port leads to another one", r => r.Server.Change($"{Ns}/services/dwcp-v3", s => s["spec"]!["ports"]![2]!["targetPort"] = "admin"), Fail, NoGo, "infra-drift", "security-network-policies"),
        new("infra-services", "a ready pod is no endpoint", r => r.Server.Change("apis/discovery.k8s.io/v1/namespaces/staging/endpointslices/dwcp-v3-slice", s => s["endpoints"]!.AsArray().RemoveAt(0)), Fail, NoGo),
        new("infra-drift", "a sidecar added by hand", r => r.Server.Change(ValidationRig.Deployment(), d => d["metadata"]!["managedFields"] = JsonNode.Parse("""[{"manager":"kubectl-edit","operation":"Update","fieldsV1":{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"x\"}":{".":{},"f:image":{}}}}}}}}]""")), Fail, NoGo),
        new("infra-drift", "a label edited, seen by somebody who may only read", r => { r.Server.Intercept = (q, _) => q.RequestUri!.Query.Contains("dryRun", StringComparison.Ordinal) ? FakeApiServer.Failure(403, "Forbidden", "not for you") : null; r.Server.Change($"{Ns}/services/dwcp-v3", s => s["spec"]!["ports"]![0]!["name"] = "web"); }, Fail, NoGo),
        new("infra-drift", "PATCH answers 500", r => r.Server.Intercept = (q, _) => q.Method == HttpMethod.Patch && q.RequestUri!.Query.Contains("dryRun", StringComparison.Ordinal) ? FakeApiServer.Failure(500, "InternalError", "etcd") : null, Error, Undecided),
        new("infra-drift", "nobody may read the CA and a budget is gone", r => { Forbid(r, "GET", "secrets/dwcp-v3-ca"); r.Server.Objects.Remove("apis/policy/v1/namespaces/staging/poddisruptionbudgets/dwcp-v3-guardian"); }, Fail, NoGo, "infra-disruption"),
        new("health-nodes-ready", "scaled by hand below the autoscaler", r => r.Server.Change(ValidationRig.Deployment(), d => d["spec"]!["replicas"] = 1), Fail, NoGo),
        new("health-guardian", "Lease renewed in the year 2099", r => Lease(r, l => l["spec"]!["renewTime"] = "2099-01-01T00:00:00.000000Z"), Fail, NoGo),
        new("health-guardian", "Lease cannot be read", r => Forbid(r, "GET", "leases/dwcp-v3-guardian"), Error, Undecided),
        new("component-log-errors", "log longer than what is read", r => r.LogLimit = 64, Error, Undecided, "security-secret-logs", "monitoring-logs"),
        new("performance-error-rate", "transfers of the load fail at the client", r => r.Probe.Break = (q, x) => q.Number is 1003 or 1004 ? x with { Succeeded = false, Detail = "timed out" } : x, Error, NoGo, "performance-service-time"),
        new("performance-error-rate", "the load came back changed", r => r.Probe.Break = (q, x) => q.Number == 1005 ? x with { HashesEqual = false } : x, Error, NoGo, "performance-service-time"),
        new("performance-compression", "half of what is possible", r => r.Nodes.Break = Internet("40"), Fail, Review),
        new("performance-compression", "not a number", r => r.Nodes.Break = Internet("\"NaN\""), Error, NoGo),
        new("performance-throughput", "not a number", r => r.Nodes.Break = Benchmark("\"NaN\"", 3), Error, Undecided, [.. Components, "performance-baseline"]),
        new("performance-throughput", "another benchmark runs", r => r.Nodes.Break = (_, _, c) => IsTransfer(c) ? (409, "busy") : null, Error, Undecided, [.. Components, "performance-baseline"]),
        new("security-limits", "a debugging container is attached", r => r.Pod(p => p["spec"]!["ephemeralContainers"] = new JsonArray(new JsonObject { ["name"] = "debugger", ["image"] = "busybox" })), Fail, NoGo, "security-capabilities", "security-privilege", "security-read-only-root"),
        new("security-secret-exposure", "key in Base64 in a ConfigMap", r => r.Config("LOG_LEVEL", Convert.ToBase64String(Encoding.UTF8.GetBytes(r.Secret("redis-password")))), Fail, NoGo, "infra-configuration", "infra-drift"),
        new("security-permissions", "cluster-admin as a user", r => Bind(r, """{"kind":"User","name":"system:serviceaccount:staging:dwcp-v3","apiGroup":"rbac.authorization.k8s.io"}"""), Fail, NoGo),
        new("security-permissions", "cluster-admin to all service accounts", r => Bind(r, """{"kind":"Group","name":"system:serviceaccounts","apiGroup":"rbac.authorization.k8s.io"}"""), Fail, NoGo),
        new("security-permissions", "ConfigMaps to everybody", r => GiveAll(r, """{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}"""), Fail, NoGo),
        new("security-permissions", "the API server's metrics to everybody", r => GiveAll(r, """{"nonResourceURLs":["/metrics"],"verbs":["get"]}"""), Fail, NoGo),
        new("security-permissions", "a ClusterRole that is not there to everybody", r => Bind(r, """{"kind":"Group","name":"system:authenticated"}""", "nobody-knows"), Fail, NoGo),
        new("security-permissions", "may run commands in pods", r => r.Server.Change($"{Rbac}/namespaces/staging/roles/dwcp-v3-guardian", x => x["rules"]!.AsArray().Add(JsonNode.Parse("""{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"]}"""))), Fail, NoGo, "infra-drift"),
        new("security-permissions", "bindings cannot be listed", r => Forbid(r, "GET", "clusterrolebindings"), Error, Undecided),
        new("security-network-policies", "admin port in a range", r => Open(r, """{"ports":[{"port":8000,"endPort":9000}]}"""), Fail, Review),
        new("security-network-policies", "admin port by name", r => Open(r, """{"from":[{"namespaceSelector":{}}],"ports":[{"port":"admin"}]}"""), Fail, Review),
        new("security-network-policies", "half of the internet", r => Open(r, """{"from":[{"ipBlock":{"cidr":"128.0.0.0/1"}}]}"""), Fail, Review),
        new("security-network-policies", "everything may be reached", r => Open(r, """{"ports":[{"port":7420}]}""", """{"to":[{"ipBlock":{"cidr":"0.0.0.0/0"}}]}"""), Fail, Review),
        new("flags-revision", "a node has not read its flag", r => { FlagsOf(r, f => f["known"] = false); r.FlagDelay = Patient; r.RollbackLimit = TimeSpan.FromSeconds(60); }, Fail, NoGo),
        new("flags-revision", "a node has not heard from the API server for an hour", r => { FlagsOf(r, f => f["stalenessSeconds"] = 3600); r.FlagDelay = Patient; r.RollbackLimit = TimeSpan.FromSeconds(60); }, Fail, NoGo),
        new("flags-revision", "/flags answers 500", r => FlagAnswer(r, (p, _, c) => p.EndsWith('1') && c == "GET /flags" ? (500, """{"error":"x"}""") : null), Fail, NoGo, "flags-zero", "flags-propagation", "health-drain-drill", "performance-rollback-drill"),
    ];

    private static void NotReady(JsonObject pod) => pod["status"]!["conditions"]![0]!["status"] = "False";

    private static void Crashing(JsonObject pod)
    {
        pod["status"]!["containerStatuses"]![0]!["restartCount"] = 4;
        pod["status"]!["containerStatuses"]![0]!["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "CrashLoopBackOff" } };
    }

    private static void RemovePods(ValidationRig rig)
    {
        foreach (var key in rig.Server.Objects.Keys.Where(k => k.StartsWith($"{Ns}/pods/dwcp-v3-pod", StringComparison.Ordinal)).ToList())
            rig.Server.Objects.Remove(key);
    }

    /// <summary>Edits what Prometheus answers to the paths that hold the text.</summary>
    private static void Prometheus(ValidationRig rig, string path, Action<JsonObject> change) => rig.Nodes.Monitoring.Break = (pod, call, body) =>
    {
        if (!pod.StartsWith("prometheus", StringComparison.Ordinal) || !call.Contains(path, StringComparison.Ordinal))
            return null;
        var answer = (JsonObject)JsonNode.Parse(body)!;
        change(answer);
        return (200, answer.ToJsonString());
    };

    /// <summary>As if it had been deployed without a monitoring stack.</summary>
    internal static void WithoutMonitoring(ValidationRig rig) => rig.Server.Change($"{Ns}/configmaps/{StagingNames.Record}", m =>
        m["data"]!["record.json"] = m["data"]!["record.json"]!.ToString().Replace("\"stack\": \"Bundled\"", "\"stack\": \"None\"", StringComparison.Ordinal));

    private static void Lease(ValidationRig rig, Action<JsonObject> change) => rig.Server.Change("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian", change);

    private static void Certificate(ValidationRig rig, DateTimeOffset issued)
    {
        var (authority, authorityKey) = NodeCertificate.CreateAuthority("x", issued);
        var (chain, key) = NodeCertificate.Issue(authority, authorityKey, ["dwcp-v3", "dwcp-v3.staging.svc"], issued);
        rig.SetSecret("tls.crt", chain);
        rig.SetSecret("tls.key", key);
        rig.SetSecret("ca.crt", authority);
    }

    private static Func<string, string, string, (int, string)?> Connectivity(string broken) => (_, _, call) => call == "GET /diagnostics/connectivity"
        ? (200, new JsonObject
        {
            ["targets"] = new JsonArray([.. new[] { "redis", "dns", "api-server", "store" }.Select(t => new JsonObject { ["target"] = t, ["ok"] = t != broken, ["detail"] = t == broken ? "no answer" : "authenticated" })]),
        }.ToJsonString())
        : null;

    private static Func<string, string, string, (int, string)?> Benchmark(string rate, int version, string memory = "1") => (_, _, call) => IsTransfer(call)
        ? (200, $$$"""{"bytesPerSecond":{{{rate}}},"data":"d","figures":{"version":{{{version}}}},"memoryCopyBytesPerSecond":{{{memory}}}}""")
        : null;

    private static Func<string, string, string, (int, string)?> Internet(string saved) => (pod, _, call) => pod.EndsWith('1') && call == "POST /diagnostics/benchmark?kind=internet&level=dense"
        ? (200, $$$"""{"data":"d","figures":{"percentSaved":{{{saved}}}}}""")
        : null;

    private static bool IsTransfer(string call) => call is "POST /diagnostics/benchmark?kind=transfer" or "POST /diagnostics/benchmark?kind=sibling";

    /// <summary>As if a load balancer were before the nodes, or had been asked for in vain.</summary>
    private static void Balanced(ValidationRig rig, string? address)
    {
        rig.Server.Change($"{Ns}/services/dwcp-v3", s => s["spec"]!["type"] = "LoadBalancer");
        if (address is not null)
            rig.Server.Objects[$"{Ns}/services/dwcp-v3"]["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = address }) } };
    }

    private static string Without(string metrics, string prefix) =>
        string.Join('\n', metrics.Split('\n').Where(l => !l.StartsWith(prefix, StringComparison.Ordinal)));

    private static void Variable(ValidationRig rig, string name, string value) =>
        rig.Container(c => c["env"]!.AsArray().First(e => e!["name"]!.ToString() == name)!["value"] = value);

    /// <summary>Nodes that say that they are no processes of a rehearsal, and a cluster that measures their load.</summary>
    private static void Real(ValidationRig rig)
    {
        rig.Nodes.Rehearsal = false;
        rig.Server.Objects[Scaler]["status"] = JsonNode.Parse("""{"conditions":[{"type":"ScalingActive","status":"True"}]}""");
    }

    private static void LoadedByHand(ValidationRig rig)
    {
        rig.Container(c => (c["image"], c["imagePullPolicy"]) = ("dwcpd:3.0.0", "Never"));
        rig.Pod(p => p["status"]!["containerStatuses"]![0]!["imageID"] = "sha256:" + new string('b', 64));
    }

    private static void Forbid(ValidationRig rig, string method, string suffix, bool dryRuns = true) => rig.Server.Intercept = (q, _) =>
        q.Method.Method == method && (dryRuns || !q.RequestUri!.Query.Contains("dryRun", StringComparison.Ordinal)) && q.RequestUri!.AbsolutePath.EndsWith(suffix, StringComparison.Ordinal) && !q.RequestUri.AbsolutePath.EndsWith("dwcp-v3-validation", StringComparison.Ordinal)
            ? FakeApiServer.Failure(403, "Forbidden", "not for you")
            : null;

    private static void Bind(ValidationRig rig, string subject, string role = "cluster-admin") => rig.Server.Put($"{Rbac}/clusterrolebindings/oops",
        (JsonObject)JsonNode.Parse($$$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"oops"},"roleRef":{"kind":"ClusterRole","name":"{{{role}}}"},"subjects":[{{{subject}}}]}""")!);

    /// <summary>Gives a right in the whole cluster to every account.</summary>
    internal static void GiveAll(ValidationRig rig, string rule)
    {
        rig.Server.Put($"{Rbac}/clusterroles/for-all", (JsonObject)JsonNode.Parse(
            $$$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"for-all"},"rules":[{{{rule}}}]}""")!);
        Bind(rig, """{"kind":"Group","name":"system:authenticated"}""", "for-all");
    }

    private static void Open(ValidationRig rig, string ingress, string? egress = null) => rig.Server.Put($"{Net}/networkpolicies/oops", (JsonObject)JsonNode.Parse(
        $$$"""{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"oops","namespace":"staging"},"spec":{"podSelector":{},"ingress":[{{{ingress}}}],"egress":[{{{egress ?? ""}}}]}}""")!);

    private static void FlagAnswer(ValidationRig rig, Func<string, string, string, (int, string)?> answer)
    {
        rig.FlagDelay = rig.RollbackLimit = TimeSpan.FromMilliseconds(50);
        rig.Nodes.Break = answer;
    }

    /// <summary>What one node says about its flag.</summary>
    private static void FlagsOf(ValidationRig rig, Action<JsonObject> change)
    {
        rig.FlagDelay = rig.RollbackLimit = TimeSpan.FromMilliseconds(50);
        rig.Nodes.Break = (pod, _, call) =>
        {
            if (!pod.EndsWith('1') || call != "GET /flags")
                return null;
            var flags = rig.Nodes.Flags();
            change(flags);
            return (200, flags.ToJsonString());
        };
    }
}
