namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>What a request does to an object, as admission policies name it.</summary>
internal static class AdmissionOperation
{
    public const string Create = "CREATE";
    public const string Update = "UPDATE";
    public const string Delete = "DELETE";
}
