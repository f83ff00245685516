using System.Collections.ObjectModel;
using System.Management.Automation;

namespace NovaCron.Dwcp.Module.Tests;

/// <summary>What a script wrote.</summary>
public sealed record ScriptResult(
    Collection<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings, IReadOnlyList<string> Verbose);
