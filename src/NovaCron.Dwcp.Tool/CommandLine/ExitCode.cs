namespace NovaCron.Dwcp.Tool.CommandLine;

/// <summary>What <c>dwcp</c> exits with beside the results of runbooks; the numbers from 64 on are those of BSD's sysexits.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The work was begun and failed; the reason is on standard error.</summary>
    public const int Failure = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 64;

    /// <summary>The runbook is not valid PowerShell.</summary>
    public const int InvalidRunbook = 65;

    /// <summary>The runbook does not exist.</summary>
    public const int NoInput = 66;

    /// <summary>Ctrl+C: 128 and the number of SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
