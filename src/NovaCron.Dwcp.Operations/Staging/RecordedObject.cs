namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>An object that the deployment applied; <paramref name="Created"/>: it did not exist before, so that it is ours to remove.</summary>
internal sealed record RecordedObject(string ApiVersion, string Kind, string? Namespace, string Name, bool Created)
{
    public bool IsSameAs(RecordedObject other) => ApiVersion.Split('/')[0] == other.ApiVersion.Split('/')[0] && Kind == other.Kind && Namespace == other.Namespace && Name == other.Name;
}
