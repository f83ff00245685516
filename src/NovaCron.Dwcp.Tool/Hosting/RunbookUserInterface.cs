using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;
using NovaCron.Dwcp.Tool.Screens;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>Passes what PowerShell writes to the screen. It never asks: a runbook that needs an answer takes it as a parameter.</summary>
internal sealed class RunbookUserInterface(IScreen screen) : PSHostUserInterface
{
    private readonly StringBuilder _line = new();

    public override PSHostRawUserInterface RawUI { get; } = new RunbookRawUserInterface(screen);

    public override bool SupportsVirtualTerminal => screen.IsTerminal;

    public override void Write(string value)
    {
        var rest = value.AsSpan();
        for (var end = rest.IndexOf('\n'); end >= 0; end = rest.IndexOf('\n'))
        {
            _line.Append(rest[..end].TrimEnd('\r'));
            Flush();
            rest = rest[(end + 1)..];
        }
        _line.Append(rest);
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value)
    {
        Write(value);
        Flush();
    }

    public override void WriteErrorLine(string value) => screen.WriteLine(LineKind.Error, value);

    public override void WriteDebugLine(string message) => screen.WriteLine(LineKind.Debug, message);

    public override void WriteVerboseLine(string message) => screen.WriteLine(LineKind.Verbose, message);

    public override void WriteWarningLine(string message) => screen.WriteLine(LineKind.Warning, message);

    public override void WriteProgress(long sourceId, ProgressRecord record) => screen.WriteProgress(sourceId, record);

    public override string ReadLine() => throw Unattended("input");

    public override SecureString ReadLineAsSecureString() => throw Unattended("input");

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw Unattended(string.Join(", ", descriptions.Select(description => $"-{description.Name}")));

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        throw Unattended($"an answer to '{message}' (-Confirm:$false or -Force gives it beforehand)");

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw Unattended("a credential");

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        throw Unattended("a credential");

    private void Flush()
    {
        screen.WriteLine(LineKind.Output, GetOutputString(_line.ToString(), SupportsVirtualTerminal));
        _line.Clear();
    }

    private static HostException Unattended(string wanted) =>
        new($"The runbook asks for {wanted}, but dwcp runs it unattended. Pass it as a parameter.", null, "Dwcp.Unattended", ErrorCategory.InvalidOperation);
}
