using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Names of what a deployment creates beside the manifests.</summary>
public static partial class StagingNames
{
    /// <summary>ConfigMap that says what was applied, when and by whom.</summary>
    public const string Record = "dwcp-v3-staging-record";

    /// <summary>Files of the nodes: certificate, keys. Never environment.</summary>
    public const string Secrets = "dwcp-v3-secrets";

    /// <summary>redis.conf with its password.</summary>
    public const string RedisSecret = "dwcp-v3-redis";

    /// <summary>The CA that issued the nodes' certificate, with its key; mounted nowhere.</summary>
    public const string AuthoritySecret = "dwcp-v3-ca";

    /// <summary>Password of Grafana's user admin, in the namespace of monitoring.</summary>
    public const string GrafanaSecret = "dwcp-grafana";

    /// <summary>Owner of fields that are written once and then belong to others.</summary>
    public const string SeedFieldManager = "novacron-dwcp-seed";

    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    public const string ManagedBy = "novacron-dwcp";

    /// <summary>True for names such as <c>production</c>, <c>eu-prod-1</c>, <c>prd</c> or <c>live</c>.</summary>
    public static bool LooksLikeProduction(string name) => ProductionName().IsMatch(name);

    [GeneratedRegex("(?:^|[^a-z])(?:prod|production|prd|live)(?:[^a-z]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex ProductionName();
}
