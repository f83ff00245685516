using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>The PowerShell host of <c>dwcp run</c>.</summary>
internal sealed class RunbookHost(RunbookSession session) : PSHost
{
    private readonly RunbookUserInterface _ui = new(session.Screen);

    /// <summary>Set by <c>exit</c> at the top level.</summary>
    public int? ExitCode { get; private set; }

    public override string Name => "dwcp";

    public override Version Version { get; } = typeof(RunbookHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => _ui;

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override PSObject PrivateData { get; } = new(session);

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new PSNotSupportedException("dwcp runs runbooks unattended: there is no nested prompt.");

    public override void ExitNestedPrompt() => throw new PSNotSupportedException("dwcp runs runbooks unattended: there is no nested prompt.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
