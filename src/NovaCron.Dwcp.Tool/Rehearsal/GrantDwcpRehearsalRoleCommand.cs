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

    /// <summary>ClusterRoles, bound in the whole cluster.</summary>
    [Parameter]
    public string[] ClusterRole { get; set; } = [];

    /// <summary>The group.</summary>
    [Parameter(Mandatory = true)]
    public string Group { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord() => Await(Group, async cancellationToken =>
    {
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = Cluster.KubeconfigPath });
        foreach (var role in Role)
            await connection.CreateAsync(Binding("Role", role), Namespace, cancellationToken).ConfigureAwait(false);
        foreach (var role in ClusterRole)
            await connection.CreateAsync(Binding("ClusterRole", role), cancellationToken: cancellationToken).ConfigureAwait(false);
    });

    private JsonObject Binding(string kind, string role) => new()
    {
        ["apiVersion"] = "rbac.authorization.k8s.io/v1",
        ["kind"] = kind + "Binding",
        ["metadata"] = new JsonObject { ["name"] = $"{role}-{Group}" },
        ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = role },
        ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Group", ["name"] = Group }),
    };
}
