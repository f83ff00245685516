using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>For every check at least one defect that it must find. A check without a row here fails <see cref="No_check_is_without_a_defect"/>.</summary>
public sealed class MutationMatrixTests(ITestOutputHelper output)
{
    private const string Ns = "api/v1/namespaces/staging";
    private const string Net = "apis/networking.k8s.io/v1/namespaces/staging";
    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";

    /// <summary>Check, what is broken, how, and what it must come to.</summary>
    private static readonly (string Check, string Defect, Action<ValidationRig> Break, CheckStatus Expected)[] Matrix =
    [
        ("infra-namespace", "label removed", r => r.Server.Change(Ns, n => ((JsonObject)n["metadata"]!["labels"]!).Remove("app.kubernetes.io/part-of")), CheckStatus.Fail),
        ("infra-pod-security", "enforce=baseline", r => r.Server.Change(Ns, n => n["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"] = "baseline"), CheckStatus.Fail),
        ("infra-deployments", "guardian deleted", r => r.Server.Objects.Remove(ValidationRig.Deployment("dwcp-v3-guardian")), CheckStatus.Fail),
        ("infra-deployments", "scaled to 0", r => r.Server.Change(ValidationRig.Deployment("dwcp-v3-redis"), d => d["spec"]!["replicas"] = 0), CheckStatus.Fail),
        ("infra-deployments", "generation not observed", r => r.Server.Objects[ValidationRig.Deployment()]["metadata"]!["generation"] = 9, CheckStatus.Fail),
        ("infra-services", "UDP port removed", r => r.Server.Change($"{Ns}/services/dwcp-v3", s => s["spec"]!["ports"]!.AsArray().RemoveAt(3)), CheckStatus.Fail),
        ("infra-services", "no ready endpoint", r => r.Server.Change("apis/discovery.k8s.io/v1/namespaces/staging/endpointslices/dwcp-v3-slice", s => s["endpoints"] = new JsonArray()), CheckStatus.Fail),
        ("infra-configuration", "REDIS_URL removed", r => r.Config("REDIS_URL", null), CheckStatus.Fail),
        ("infra-configuration", "ConfigMap deleted", r => r.Server.Objects.Remove($"{Ns}/configmaps/dwcp-v3-config"), CheckStatus.Error),
        ("infra-secrets", "weak key", r => r.SetSecret("ticket-key", "changeme"), CheckStatus.Fail),
        ("infra-secrets", "key missing", r => r.SetSecret("redis-password", null), CheckStatus.Fail),
        ("infra-secrets", "same value twice", r => r.SetSecret("ticket-key", r.Secret("diagnostics-key")), CheckStatus.Fail),
        ("infra-labels", "component label removed", r => r.Server.Change($"{Ns}/services/dwcp-v3", s => ((JsonObject)s["metadata"]!["labels"]!).Remove("app.kubernetes.io/component")), CheckStatus.Fail),
        ("infra-autoscaler", "minReplicas 1", r => r.Server.Change("apis/autoscaling/v2/namespaces/staging/horizontalpodautoscalers/dwcp-v3", h => h["spec"]!["minReplicas"] = 1), CheckStatus.Fail),
        ("infra-autoscaler", "target renamed", r => r.Server.Change("apis/autoscaling/v2/namespaces/staging/horizontalpodautoscalers/dwcp-v3", h => h["spec"]!["scaleTargetRef"]!["name"] = "x"), CheckStatus.Fail),
        ("infra-disruption", "budget deleted", r => r.Server.Objects.Remove("apis/policy/v1/namespaces/staging/poddisruptionbudgets/dwcp-v3"), CheckStatus.Fail),
        ("infra-drift", "limit edited by hand", r => r.Container(c => c["resources"]!["limits"]!["cpu"] = "9"), CheckStatus.Fail),
        ("infra-drift", "object deleted", r => r.Server.Objects.Remove($"{Net}/ingresses/dwcp-v3"), CheckStatus.Fail),
        ("infra-drift", "record deleted", r => r.Server.Objects.Remove($"{Ns}/configmaps/{StagingNames.Record}"), CheckStatus.Error),
        ("infra-store", "claim pending", r => r.Server.Objects[$"{Ns}/persistentvolumeclaims/dwcp-v3-store"]["status"]!["phase"] = "Pending", CheckStatus.Fail),
        ("infra-store", "ephemeral", r => r.PodSpec(p => p["volumes"]![1] = new JsonObject { ["name"] = "store", ["emptyDir"] = new JsonObject() }), CheckStatus.Fail),
        ("infra-store", "ReadWriteOnce", r => r.Server.Objects[$"{Ns}/persistentvolumeclaims/dwcp-v3-store"]["spec"]!["accessModes"]![0] = "ReadWriteOnce", CheckStatus.Fail),
        ("infra-release", "node of another release", r => r.Nodes.EditConfiguration = c => c["version"] = "2.9.0", CheckStatus.Fail),
        ("infra-custom-resources", "binding deleted", r => r.Server.Objects.Remove("apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/dwcp-approver-is-author"), CheckStatus.Fail),
        ("health-nodes-ready", "pod not ready", r => r.Pod(NotReady), CheckStatus.Fail),
        ("health-nodes-ready", "all pods gone", r => RemovePods(r), CheckStatus.Error),
        ("health-endpoints", "/ready 503", r => r.Nodes.Break = (p, _, c) => p.EndsWith('1') && c == "GET /ready" ? (503, "draining") : null, CheckStatus.Fail),
        ("health-endpoints", "port closed", r => r.Nodes.Break = (_, port, _) => port == "9090" ? (-1, "connection refused") : null, CheckStatus.Error),
        ("health-redis", "wrong password", r => r.Nodes.Break = Connectivity("redis"), CheckStatus.Fail),
        ("health-restarts", "crash loop", r => r.Pod(Crashing), CheckStatus.Fail),
        ("health-restarts", "restart count missing", r => r.Pod(p => ((JsonObject)p["status"]!["containerStatuses"]![0]!).Remove("restartCount")), CheckStatus.Error),
        ("health-guardian", "Lease stale", r => Lease(r, l => l["spec"]!["renewTime"] = DateTimeOffset.UtcNow.AddMinutes(-5).ToString("O")), CheckStatus.Fail),
        ("health-guardian", "leader is no pod", r => Lease(r, l => l["spec"]!["holderIdentity"] = "somebody"), CheckStatus.Fail),
        ("health-guardian", "no Lease", r => r.Server.Objects.Remove("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian"), CheckStatus.Fail),
        ("health-probes", "no liveness probe", r => r.Container(c => c.Remove("livenessProbe")), CheckStatus.Fail),
        ("health-probes", "liveness is readiness", r => r.Container(c => c["livenessProbe"]!["httpGet"]!["path"] = "/ready"), CheckStatus.Fail),
        ("health-drain", "no preStop", r => r.Container(c => c.Remove("lifecycle")), CheckStatus.Fail),
        ("health-drain", "maxUnavailable 1", r => r.Server.Change(ValidationRig.Deployment(), d => d["spec"]!["strategy"]!["rollingUpdate"]!["maxUnavailable"] = 1), CheckStatus.Fail),
        ("health-injected-faults", "fault left active", r => r.Nodes.EditConfiguration = c => c["injectedFaults"] = JsonNode.Parse("""{"v1":{"failShare":0},"v3":{"failShare":0.5}}"""), CheckStatus.Fail),
        .. new[] { "AMST", "HDE", "PBA", "ASS", "ACP", "ITP" }.SelectMany(name => new (string, string, Action<ValidationRig>, CheckStatus)[]
        {
            ($"component-{name.ToLowerInvariant()}", "self-test fails", r => r.Nodes.Break = (_, _, c) => c.EndsWith($"component={name}", StringComparison.Ordinal) ? (200, """{"health":"failed","lastSelfTest":{"passed":false,"detail":"mismatch"}}""") : null, CheckStatus.Fail),
            ($"component-{name.ToLowerInvariant()}", "metrics missing", r => r.Nodes.EditMetrics = m => Without(m, $"dwcp_{name.ToLowerInvariant()}_"), CheckStatus.Fail),
            ($"component-{name.ToLowerInvariant()}", "health gauge 0", r => r.Nodes.EditMetrics = m => m.Replace($"dwcp_component_health{{component=\"{name}\"}} 1", $"dwcp_component_health{{component=\"{name}\"}} 0", StringComparison.Ordinal), CheckStatus.Fail),
        }),
        ("component-amst", "metrics stand still", r => r.Nodes.Frozen = true, CheckStatus.Fail),
        ("component-hde", "NaN", r => r.Nodes.EditMetrics = m => m.Replace("dwcp_hde_bytes_total ", "dwcp_hde_bytes_total NaN #", StringComparison.Ordinal), CheckStatus.Fail),
        ("component-pba", "diagnostics key wrong", r => r.Nodes.Break = (_, _, c) => c.Contains("selftest", StringComparison.Ordinal) ? (401, "no") : null, CheckStatus.Error),
        ("component-log-errors", "error logged", r => r.Server.Log = _ => """{"time":"2026-05-01T12:00:00Z","level":"error","logger":"x","message":"corrupt chunk"}""", CheckStatus.Fail),
        ("component-log-errors", "log empty", r => r.Server.Log = _ => "", CheckStatus.Error),
        ("performance-error-rate", "one in six fails", r => r.Probe.ErrorsPerTransfer = 1, CheckStatus.Fail),
        ("performance-error-rate", "no traffic counted", r => r.Probe.RequestsPerTransfer = 0, CheckStatus.Error),
        ("performance-error-rate", "counter missing", r => r.Nodes.EditMetrics = m => Without(m, "dwcp_requests_total"), CheckStatus.Error),
        ("performance-error-rate", "counter NaN", r => r.Nodes.EditMetrics = m => m.Replace("outcome=\"ok\"} ", "outcome=\"ok\"} NaN #", StringComparison.Ordinal), CheckStatus.Error),
        ("performance-service-time", "one in six slow", r => r.Probe.SlowPerTransfer = 1, CheckStatus.Fail),
        ("performance-service-time", "no bucket of 0.1", r => r.Nodes.EditMetrics = m => m.Replace("le=\"0.1\"", "le=\"0.2\"", StringComparison.Ordinal), CheckStatus.Error),
        ("performance-throughput", "too slow", r => r.Nodes.Break = Benchmark("1e6", 3), CheckStatus.Fail),
        ("performance-throughput", "transferred with v1", r => r.Nodes.Break = Benchmark("5e9", 1), CheckStatus.Error),
        ("security-non-root", "root", r => r.PodSpec(p => { p["securityContext"]!["runAsNonRoot"] = false; ((JsonObject)p["containers"]![0]!["securityContext"]!).Remove("runAsNonRoot"); }), CheckStatus.Fail),
        ("security-non-root", "user 0", r => r.PodSpec(p => p["securityContext"]!["runAsUser"] = 0, "dwcp-v3-redis"), CheckStatus.Fail),
        ("security-privilege", "privileged", r => r.Container(c => c["securityContext"]!["privileged"] = true), CheckStatus.Fail),
        ("security-privilege", "escalation", r => r.Container(c => ((JsonObject)c["securityContext"]!).Remove("allowPrivilegeEscalation")), CheckStatus.Fail),
        ("security-capabilities", "NET_ADMIN", r => r.Container(c => c["securityContext"]!["capabilities"]!["add"] = new JsonArray("NET_ADMIN")), CheckStatus.Fail),
        ("security-seccomp", "unconfined", r => r.Container(c => c["securityContext"]!["seccompProfile"]!["type"] = "Unconfined"), CheckStatus.Fail),
        ("security-read-only-root", "writable", r => r.Container(c => c["securityContext"]!["readOnlyRootFilesystem"] = false), CheckStatus.Fail),
        ("security-host-access", "hostPath", r => r.PodSpec(p => p["volumes"]!.AsArray().Add(new JsonObject { ["name"] = "h", ["hostPath"] = new JsonObject { ["path"] = "/" } })), CheckStatus.Fail),
        ("security-host-access", "host network, running pod only", r => r.Pod(p => p["spec"]!["hostNetwork"] = true), CheckStatus.Fail),
        ("security-limits", "no memory limit", r => r.Container(c => ((JsonObject)c["resources"]!["limits"]!).Remove("memory")), CheckStatus.Fail),
        ("security-secret-exposure", "key in environment", r => r.Container(c => c["env"]!.AsArray().Add(new JsonObject { ["name"] = "KEY", ["value"] = "x" + r.Secret("client-api-key") })), CheckStatus.Fail),
        ("security-secret-exposure", "key in a ConfigMap", r => r.Config("LOG_LEVEL", r.Secret("redis-password")), CheckStatus.Fail),
        ("security-secret-exposure", "secretKeyRef", r => r.Container(c => c["env"]!.AsArray().Add(JsonNode.Parse("""{"name":"K","valueFrom":{"secretKeyRef":{"name":"dwcp-v3-secrets","key":"ticket-key"}}}"""))), CheckStatus.Fail),
        ("security-secret-logs", "key in a log", r => { var key = r.Secret("diagnostics-key"); r.Server.Log = _ => $$"""{"time":"2026-05-01T12:00:00Z","level":"info","logger":"x","message":"key {{key}}"}"""; }, CheckStatus.Fail),
        ("security-token-mounts", "redis mounts a token", r => r.PodSpec(p => p["automountServiceAccountToken"] = true, "dwcp-v3-redis"), CheckStatus.Fail),
        ("security-permissions", "wildcard", r => r.Server.Change($"{Rbac}/namespaces/staging/roles/dwcp-v3-node", x => x["rules"]![0]!["verbs"] = new JsonArray("*")), CheckStatus.Fail),
        ("security-permissions", "cluster-admin", r => r.Server.Put($"{Rbac}/clusterrolebindings/oops", (JsonObject)JsonNode.Parse("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"oops"},"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"ServiceAccount","name":"dwcp-v3","namespace":"staging"}]}""")!), CheckStatus.Fail),
        ("security-permissions", "reads secrets", r => r.Server.Change($"{Rbac}/namespaces/staging/roles/dwcp-v3-guardian", x => x["rules"]!.AsArray().Add(JsonNode.Parse("""{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}"""))), CheckStatus.Fail),
        ("security-network-policies", "default deny deleted", r => r.Server.Objects.Remove($"{Net}/networkpolicies/dwcp-v3-default-deny"), CheckStatus.Fail),
        ("security-network-policies", "admin port open", r => r.Server.Change($"{Net}/networkpolicies/dwcp-v3-node", p => p["spec"]!["ingress"]!.AsArray().Add(JsonNode.Parse("""{"ports":[{"port":8081}]}"""))), CheckStatus.Fail),
        ("security-certificate", "expired", r => Certificate(r, DateTimeOffset.UtcNow.AddDays(-400)), CheckStatus.Fail),
        ("security-certificate", "key of another certificate", r => { var (a, k) = NodeCertificate.CreateAuthority("x", DateTimeOffset.UtcNow); r.SetSecret("tls.key", NodeCertificate.Issue(a, k, ["dwcp-v3"], DateTimeOffset.UtcNow).Key); }, CheckStatus.Fail),
        ("security-certificate", "pods serve another one", r => r.Nodes.EditConfiguration = c => c["certificate"]!["sha256"] = new string('0', 64), CheckStatus.Fail),
        ("security-admin-key", "diagnostics open", r => r.Nodes.Break = (_, _, c) => c == "GET /diagnostics/components" ? (200, "{}") : null, CheckStatus.Fail),
        ("security-wrong-key", "wrong key accepted", r => r.Probe.Break = (q, x) => q.Bytes == 1024 ? x with { Succeeded = true } : x, CheckStatus.Fail),
        ("security-wrong-key", "failed for another reason", r => r.Probe.Break = (q, x) => q.Bytes == 1024 ? x with { CredentialRefused = false, Detail = "connection refused" } : x, CheckStatus.Error),
        ("monitoring-families", "family missing", r => r.Nodes.EditMetrics = m => Without(m, "dwcp_corruption_total"), CheckStatus.Fail),
        ("monitoring-families", "NaN", r => r.Nodes.EditMetrics = m => m.Replace("dwcp_flag_revision 5", "dwcp_flag_revision NaN", StringComparison.Ordinal), CheckStatus.Fail),
        ("monitoring-families", "page malformed", r => r.Nodes.EditMetrics = m => m + "oops {{{\n", CheckStatus.Error),
        ("monitoring-freshness", "frozen page", r => r.Nodes.Frozen = true, CheckStatus.Fail),
        ("monitoring-logs", "unstructured line", r => r.Server.Log = _ => "hello\n", CheckStatus.Fail),
        ("flags-zero", "flag 10", r => r.Config("FEATURE_FLAG_V3_ROLLOUT", "10"), CheckStatus.Fail),
        ("flags-zero", "a node at 100", r => r.Nodes.Effective = 100, CheckStatus.Fail),
        ("flags-zero", "a node does not tell", r => r.Nodes.Break = (p, _, c) => p.EndsWith('1') && c == "GET /flags" ? (200, "{}") : null, CheckStatus.Error),
        ("flags-revision", "old revision", r => r.Nodes.Break = (p, _, c) => p.EndsWith('1') && c == "GET /flags" ? (200, """{"revision":"1","effective":0,"flag":0,"ceiling":0}""") : null, CheckStatus.Fail),
        ("flags-mode", "internet", r => r.Config("DWCP_MODE", "internet"), CheckStatus.Fail),
        ("flags-effective-configuration", "node with an old setting", r => r.Nodes.EditConfiguration = c => c["redisUrl"] = "old:6379", CheckStatus.Fail),
        ("flags-keys", "misspelt key", r => r.Config("FEATURE_FLAG_V3_ROLOUT", "0"), CheckStatus.Fail),
        ("flags-keys", "malformed flag", r => r.Config("FEATURE_FLAG_V3_ROLLOUT", "ten"), CheckStatus.Fail),
        ("flags-split", "a node sends clients to v3", r => r.Nodes.Effective = 100, CheckStatus.Fail),
        ("integration-dependencies", "no DNS", r => r.Nodes.Break = Connectivity("dns"), CheckStatus.Fail),
        ("integration-service", "Service leads nowhere", r => r.Nodes.Break = (p, _, c) => p == "dwcp-v3" && c == "POST /sessions" ? (502, "bad gateway") : null, CheckStatus.Fail),
        ("integration-transfer-v1", "hash differs", r => r.Probe.Break = (q, x) => q.Seed == 11 ? x with { HashesEqual = false } : x, CheckStatus.Fail),
        ("integration-transfer-v3", "v1 answered", r => r.Probe.Break = (q, x) => q.Seed == 13 ? x with { Version = 1 } : x, CheckStatus.Fail),
        ("integration-transfer-v3", "no bytes reported", r => r.Probe.Break = (q, x) => q.Seed == 13 ? x with { UserBytes = 0 } : x, CheckStatus.Error),
        ("integration-resume", "transfer lost", r => r.Probe.Break = (q, x) => q.Seed == 17 ? x with { Succeeded = false, Detail = "gone" } : x, CheckStatus.Fail),
        ("integration-resume", "was not interrupted", r => r.Probe.Break = (q, x) => q.Seed == 17 ? x with { Resumes = 0 } : x, CheckStatus.Error),
    ];

    /// <summary>Checks that a rehearsal skips, with their defects under the production profile below.</summary>
    private static readonly string[] ProductionOnly = ["infra-image-digests", "security-image-scan"];

    public static TheoryData<int> Rows() => [.. Enumerable.Range(0, Matrix.Length)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_defect_is_found_and_is_never_GO(int row)
    {
        var (id, defect, inject, expected) = Matrix[row];
        using var rig = await ValidationRig.StartAsync();
        // Approved while healthy: only the defect stands between this deployment and GO.
        var runner = new ValidationRunner(rig.Connection);
        await runner.ApproveAsync(await rig.RunAsync(), "healthy");
        inject(rig);
        var report = await rig.RunAsync(new ValidationOptions
        {
            Profile = ValidationProfile.Rehearsal with { MaximumFlagDelay = TimeSpan.FromMilliseconds(50) }, CheckTimeout = TimeSpan.FromSeconds(10),
        });
        var check = report.Checks.Single(c => c.Id == id);
        var others = report.Checks.Where(c => c.Id != id && c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => c.Id).Where(o => o != id).ToList();
        output.WriteLine($"{id} <- {defect}: {check.Status} ({check.Detail}); {report.DecisionText}; also {string.Join(", ", others)}");
        Assert.True(check.Status == expected, $"{id} <- {defect}: expected {expected}, was {check.Status}: {check.Detail}");
        Assert.NotEmpty(check.Remedy);
        if (check.Severity >= CheckSeverity.High)
            Assert.NotEqual(ValidationDecision.Go, report.Decision);
        if (check is { Severity: CheckSeverity.Critical, Status: CheckStatus.Fail })
            Assert.Equal(3, report.ExitCode);
    }

    [Fact]
    public void No_check_is_without_a_defect() =>
        Assert.Empty(CheckCatalogue.All.Select(c => c.Id).Except(Matrix.Select(m => m.Check)).Except(ProductionOnly));

    [Fact]
    public async Task Images_without_a_digest_and_without_a_scan_are_found_in_production()
    {
        using var rig = await ValidationRig.StartAsync();
        var options = new ValidationOptions { Profile = ValidationProfile.Production with { MinimumThroughput = 1 } };
        var good = await rig.RunAsync(options);
        Assert.Equal(CheckStatus.Pass, good.Checks.Single(c => c.Id == "infra-image-digests").Status);
        Assert.Equal(CheckStatus.Error, good.Checks.Single(c => c.Id == "security-image-scan").Status);
        rig.Container(c => c["image"] = "dwcpd:latest");
        Assert.Equal(CheckStatus.Fail, (await rig.RunAsync(options)).Checks.Single(c => c.Id == "infra-image-digests").Status);
    }

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

    private static Func<string, string, string, (int, string)?> Benchmark(string rate, int version) => (_, _, call) => call == "POST /diagnostics/benchmark?kind=transfer"
        ? (200, $$$"""{"bytesPerSecond":{{{rate}}},"data":"d","figures":{"version":{{{version}}}},"memoryCopyBytesPerSecond":1}""")
        : null;

    private static string Without(string metrics, string prefix) =>
        string.Join('\n', metrics.Split('\n').Where(l => !l.StartsWith(prefix, StringComparison.Ordinal)));
}
