namespace NovaCron.Dwcp.Operations.Validation.Gates;

/// <summary>A gate, tried: open only if every assertion that applies passed.</summary>
public sealed record DwcpGateReport
{
    public required DwcpGate Gate { get; init; }

    public required string Namespace { get; init; }

    /// <summary>All assertions, in the gate's order.</summary>
    public required IReadOnlyList<GateResult> Results { get; init; }

    /// <summary>The validation that the results rest on.</summary>
    public required DwcpValidationReport Validation { get; init; }

    /// <summary>True if everything that applies passed, and something applied.</summary>
    public bool IsOpen => Results.All(r => r.Status is CheckStatus.Pass or CheckStatus.Skipped) && Results.Any(r => r.Status == CheckStatus.Pass);

    /// <summary>0 open, 3 something failed, 4 something could not be judged.</summary>
    public int ExitCode => IsOpen ? 0 : Results.Any(r => r.Status == CheckStatus.Fail) ? 3 : 4;
}
