namespace NovaCron.Dwcp.Rehearsal.Discovery;

/// <summary>A subresource as discovery lists it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">Group of the documents that it speaks.</param>
/// <param name="Version">Their version.</param>
/// <param name="Kind">Their kind.</param>
/// <param name="Verbs">What can be done with it.</param>
internal sealed record SubresourceInfo(string Name, string Group, string Version, string Kind, string[] Verbs);
