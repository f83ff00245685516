using System.Collections;
using System.Management.Automation;
using NovaCron.Dwcp.Aws;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>A cmdlet that may also change what the cluster stands on, through Terraform: the plan is shown, agreed to, and applied as it was shown.</summary>
public abstract class InfrastructureCmdlet : ClusterCmdlet
{
    /// <summary>None: the cluster is there already. Aws: Terraform makes VPC, EKS, machines, EFS, balancers and buckets.</summary>
    [Parameter]
    [ValidateSet("None", "Aws")]
    public string Infrastructure { get; set; } = "None";

    /// <summary>S3 bucket that keeps Terraform's state; needed with -Infrastructure Aws.</summary>
    [Parameter]
    [ValidatePattern("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string? StateBucket { get; set; }

    /// <summary>Variables of the Terraform configuration, such as @{ client_cidrs = @('203.0.113.0/24') }; see module/assets/terraform/aws/variables.tf. No secrets.</summary>
    [Parameter]
    public Hashtable InfrastructureVariable { get; set; } = [];

    /// <summary>Directory that Terraform works in; ./terraform-NAMESPACE by default. Keep it, or not: the state is in the bucket.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TerraformDirectory { get; set; }

    /// <summary>Does not ask again whether the shown plan shall be applied. -WhatIf still changes nothing.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected bool IsOnAws => Infrastructure == "Aws";

    /// <summary>Plans, shows, asks, applies.</summary>
    /// <returns>Null where -WhatIf or the answer left everything as it was and there is something to do.</returns>
    private protected InfrastructureResult? Change(bool destroy)
    {
        var (session, aws) = (AwsOptions(), (Directory: ResolvePath(TerraformDirectory ?? $"terraform-{Namespace}"), Profile: ProfileName));
        if (StateBucket is not { } bucket)
        {
            ThrowTerminatingError(new ErrorRecord(new PSArgumentException("-Infrastructure Aws needs -StateBucket: the S3 bucket that keeps Terraform's state (private, versioned, encrypted)."), "Dwcp.InvalidArgument",
                ErrorCategory.InvalidArgument, null));
            return null;
        }

        var configuration = System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(typeof(InfrastructureCmdlet).Assembly.Location)!, "..", "assets", "terraform", "aws"));
        var variables = InfrastructureVariable.Cast<DictionaryEntry>().ToDictionary(e => $"{e.Key}", e => Plain(e.Value));
        var progress = OnPipeline<StagingProgress>(ShowInfrastructure);
        AwsInfrastructure? infrastructure = null;
        InfrastructurePlan? plan = null;
        try
        {
            (infrastructure, plan) = Await(Namespace, async cancellationToken =>
            {
                var opened = await AwsInfrastructure.OpenAsync(AwsSession.Open(session), aws.Profile, configuration, aws.Directory, Namespace, bucket, variables).ConfigureAwait(false);
                try
                {
                    await opened.Project.InitializeAsync(progress, cancellationToken).ConfigureAwait(false);
                    return (opened, await opened.Project.PlanAsync(destroy, progress, cancellationToken).ConfigureAwait(false));
                }
                catch
                {
                    opened.Dispose();
                    throw;
                }
            });
            foreach (var warning in plan.Warnings)
                WriteWarning(warning);
            WriteInformation(new HostInformationMessage { Message = plan.Difference }, ["PSHOST", "Dwcp.Infrastructure"]);
            if (plan.HasChanges && !IsAgreed(plan))
                return null;
            return Await(Namespace, cancellationToken => infrastructure.Project.ApplyAsync(plan, progress, cancellationToken));
        }
        finally
        {
            if (plan is not null)
                TerraformProject.Discard(plan);
            infrastructure?.Dispose();
            WriteProgress(new ProgressRecord(1, "Terraform", "Done") { RecordType = ProgressRecordType.Completed });
        }
    }

    private bool IsAgreed(InfrastructurePlan plan)
    {
        if (!ShouldProcess($"AWS region {Region ?? "of the session"}, environment {Namespace}", plan.Summary))
            return false;
        return Force || ShouldContinue($"{plan.Difference}\n\nApply exactly this?", plan.IsDestruction ? "Destroy the infrastructure" : "Change the infrastructure");
    }

    private void ShowInfrastructure(StagingProgress progress)
    {
        if (progress.IsWarning)
            WriteWarning(progress.Message);
        else
            WriteVerbose($"Terraform: {progress.Message}");
        WriteProgress(new ProgressRecord(1, "Terraform", progress.Message.Length == 0 ? "..." : progress.Message));
    }

    /// <summary>PowerShell's values as JSON knows them.</summary>
    private static object? Plain(object? value) => value switch
    {
        PSObject { BaseObject: not PSCustomObject } wrapped => Plain(wrapped.BaseObject),
        IDictionary map => map.Cast<DictionaryEntry>().ToDictionary(e => $"{e.Key}", e => Plain(e.Value)),
        string or bool or null => value,
        IEnumerable list => list.Cast<object?>().Select(Plain).ToList(),
        IFormattable number when value.GetType().IsPrimitive => number,
        _ => value.ToString(),
    };
}
