using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>A write that is about to happen.</summary>
/// <param name="Operation">One of <see cref="AdmissionOperation"/>.</param>
/// <param name="Type">Type of the object.</param>
/// <param name="Subresource">Subresource, or empty.</param>
/// <param name="User">Who writes.</param>
/// <param name="Namespace">Namespace, or empty.</param>
/// <param name="Name">Name of the object.</param>
/// <param name="Object">The object as it will be; <c>null</c> on deletion.</param>
/// <param name="Old">The object as it is; <c>null</c> on creation.</param>
/// <param name="DryRun">Whether nothing will be kept.</param>
internal sealed record AdmissionRequest(
    string Operation, ResourceType Type, string Subresource, ApiUser User, string Namespace, string Name, JsonObject? Object, JsonObject? Old, bool DryRun);
