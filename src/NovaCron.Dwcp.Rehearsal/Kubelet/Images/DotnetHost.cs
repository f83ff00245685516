namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>The <c>dotnet</c> that runs this process, for images that are .NET assemblies.</summary>
internal static class DotnetHost
{
    /// <summary>The root of the installation: what DOTNET_ROOT means.</summary>
    public static string Root { get; } =
        // …/shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    /// <summary>The host executable.</summary>
    public static string Path { get; } = System.IO.Path.Combine(Root, "dotnet");
}
