namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>What would happen (a plan), or has happened behind Terraform's back (drift), to one resource.</summary>
/// <param name="Address">Terraform's address, for example <c>aws_s3_bucket.artifacts</c>.</param>
/// <param name="Action">create, update, replace, delete, read, move, import or forget; of drift update or delete.</param>
public sealed record InfrastructureChange(string Address, string Action)
{
    /// <summary>True if what is there now is lost by it.</summary>
    public bool Destroys => Action is "delete" or "replace";

    public override string ToString() => $"{Action switch { "create" => "+", "delete" => "-", "replace" => "-/+", "update" => "~", _ => " " }} {Address} ({Action})";
}
