namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// A sequential test of "v3 is within this limit" that may be looked at after every sample: an e-process, whose chance of ever reaching 1/alpha while
/// the limit is kept is at most alpha (Ville's inequality). Pure: no clock, no randomness, no I/O.
/// </summary>
public interface IEvidenceTest
{
    /// <summary>Name as it appears in status, Events and reports, for example <c>error-rate</c>.</summary>
    string Name { get; }

    /// <summary>Natural logarithm of 1/alpha: the evidence at which v3 is rolled back.</summary>
    double LogThreshold { get; }

    /// <summary>Natural logarithm of the e-value now; 0 before any data.</summary>
    double LogEvidence { get; }

    /// <summary>Observations that the test has used.</summary>
    long Observations { get; }

    /// <summary>One sentence on what the test has seen.</summary>
    string Detail { get; }

    /// <summary>Takes the next sample into account.</summary>
    void Observe(EvidenceSample sample);

    /// <summary>All that the test remembers, to be kept outside of the process.</summary>
    EvidenceState Save();

    /// <summary>Continues from a saved state.</summary>
    /// <exception cref="ArgumentException">The state belongs to a test of another shape.</exception>
    void Restore(EvidenceState state);
}
