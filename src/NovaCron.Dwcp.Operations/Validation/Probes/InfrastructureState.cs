using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;

namespace NovaCron.Dwcp.Operations.Validation.Probes;

/// <summary>What Terraform says about the infrastructure below a deployment.</summary>
/// <param name="Outputs">The outputs of what is applied.</param>
/// <param name="Drift">What somebody changed by other means.</param>
internal sealed record InfrastructureState(IReadOnlyDictionary<string, JsonNode?> Outputs, InfrastructureDrift Drift)
{
    /// <summary>Asks Terraform's CLI, in a directory that is initialised.</summary>
    public static async Task<InfrastructureState> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        var project = new TerraformProject(new TerraformOptions { ConfigurationDirectory = directory, WorkingDirectory = directory });
        return new InfrastructureState(await project.ReadOutputsAsync(cancellationToken).ConfigureAwait(false), await project.DetectDriftAsync(null, cancellationToken).ConfigureAwait(false));
    }
}
