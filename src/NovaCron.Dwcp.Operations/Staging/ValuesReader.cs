namespace NovaCron.Dwcp.Operations.Staging;

internal static class ValuesReader
{
    public static StagingValues ReadFile(string path) => throw new NotImplementedException(path);
}
