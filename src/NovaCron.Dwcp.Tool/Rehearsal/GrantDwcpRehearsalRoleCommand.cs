using System.Management.Automation;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Binds one of the shipped Roles to a group of the rehearsal cluster's people, as a cluster's administrator would.</summary>
[Cmdlet(VerbsSecurity.Grant, "DwcpRehearsalRole")]
public sealed class GrantDwcpRehearsalRoleCommand : RehearsalCmdlet
{
    /// <summary>The cluster.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RehearsalCluster Cluster { get; set; } = null!;

    /// <summary>Namespace of the Role.</summary>
    [Parameter]
    public string Namespace { get; set; } = "staging";

    /// <summary>The Roles.</summary>
    [Parameter(Mandatory = true)]
    public string[] Role { get; set; } = [];

    /// <summary>The group.</summary>
    [Parameter(Mandatory = true)]
    public string Group { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord() => Await(Group, async cancellationToken =>
    {
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = Cluster.KubeconfigPath });
        foreach (var role in Role)
            await connection.CreateAsync(new JsonObject
            {
                ["apiVersion"] = "rbac.authorization.k8s.io/v1",
                ["kind"] = "RoleBinding",
                ["metadata"] = new JsonObject { ["name"] = $"{role}-{Group}", ["namespace"] = Namespace },
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = role },
                ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Group", ["name"] = Group }),
            }, Namespace, cancellationToken).ConfigureAwait(false);
    });
}
