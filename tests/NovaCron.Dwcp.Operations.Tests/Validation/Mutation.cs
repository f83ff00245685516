using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>A defect, the check that must find it, everything else that truly follows from it, and the decision that it must lead to.</summary>
/// <param name="Check">Whose defect it is.</param>
/// <param name="Defect">What is wrong, for people.</param>
/// <param name="Inject">Breaks a healthy, approved deployment.</param>
/// <param name="Expected">Fail, or Error where the defect is that nothing can be seen.</param>
/// <param name="Decision">What was GO becomes this.</param>
/// <param name="Follows">The other checks that do not pass any more, and no others.</param>
internal sealed record Mutation(
    string Check, string Defect, Action<ValidationRig> Inject, CheckStatus Expected, ValidationDecision Decision, params string[] Follows);
