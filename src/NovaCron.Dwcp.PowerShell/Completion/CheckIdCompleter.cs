using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.PowerShell.Completion;

/// <summary>The ids of the catalogue's checks.</summary>
public sealed class CheckIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CheckCatalogue.All
            .Where(check => check.Id.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(check => new CompletionResult(check.Id, check.Id, CompletionResultType.ParameterValue, check.Title));
}
