using System.Management.Automation;
using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Module.Tests;

public sealed class BadInputTests(ModuleSession session) : IClassFixture<ModuleSession>, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-module-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("Get-DwcpStaging")]
    [InlineData("New-DwcpStaging -Confirm:$false")]
    [InlineData("Remove-DwcpStaging -Confirm:$false")]
    [InlineData("Invoke-DwcpValidation")]
    [InlineData("Get-DwcpRollout")]
    [InlineData("Set-DwcpRollout 10 -Confirm:$false")]
    [InlineData("Approve-DwcpRollout phase-1 -Reason why")]
    [InlineData("Suspend-DwcpRollout")]
    [InlineData("Resume-DwcpRollout")]
    [InlineData("Invoke-DwcpRollback")]
    [InlineData("Get-DwcpRolloutReport")]
    [InlineData("Get-DwcpCredential")]
    [InlineData("Backup-DwcpConfiguration")]
    [InlineData("Backup-DwcpConfiguration -List")]
    [InlineData("Restore-DwcpConfiguration -Confirm:$false")]
    public void No_kubeconfig_is_an_error_that_names_the_file(string command)
    {
        var error = TheError($"{command} -Kubeconfig '{_directory}/absent'");
        Assert.StartsWith("Dwcp.Cluster.Configuration,", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.Contains($"{_directory}/absent", error.Exception.Message);
        Assert.False(string.IsNullOrEmpty(error.ErrorDetails.RecommendedAction));
    }

    [Fact]
    public void Unreachable_API_server_is_a_connection_error_that_names_the_address()
    {
        var error = TheError($"Get-DwcpStaging -Server https://127.0.0.1:{UnusedPort()} -Token (ConvertTo-TestSecret)");
        Assert.StartsWith("Dwcp.Cluster.Unreachable,", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.ConnectionError, error.CategoryInfo.Category);
        Assert.Contains("127.0.0.1", error.Exception.Message);
    }

    [Theory]
    [InlineData("Get-DwcpStaging -EksCluster c -Server https://127.0.0.1:1", "Dwcp.InvalidArgument,", "leave out -Kubeconfig")]
    [InlineData("New-DwcpStaging -Infrastructure Aws -Confirm:$false", "Dwcp.InvalidArgument,", "-StateBucket")]
    [InlineData("Remove-DwcpStaging -Infrastructure Aws -StateBucket some-bucket -Confirm:$false", "Dwcp.InvalidArgument,", "-RemoveData")]
    [InlineData("Get-DwcpStaging -EksCluster c -ProfileName nobody-of-this-name -Region eu-central-1", "Dwcp.Aws.Refused,", "AWS profile nobody-of-this-name")]
    [InlineData("$StoredAWSCredentials = 'a text'; Get-DwcpStaging -EksCluster c -Region eu-central-1", "Dwcp.Aws.Refused,", "is not understood as credentials")]
    [InlineData("$StoredAWSCredentials = 'a text'; $StoredAWSRegion = 'Frankfurt'; Get-DwcpStaging -EksCluster c", "Dwcp.Aws.Refused,", "Frankfurt")]
    public void What_AWS_needs_is_told_by_name(string command, string id, string expected)
    {
        var error = TheError(command);
        Assert.StartsWith(id, error.FullyQualifiedErrorId);
        Assert.Contains(expected, error.Exception.Message);
    }

    [Fact]
    public void An_artifact_that_is_not_there_is_named()
    {
        var error = TheError($"Publish-DwcpArtifact '{_directory}/nothing' -Bucket some-bucket");
        Assert.StartsWith("Dwcp.PathNotFound,", error.FullyQualifiedErrorId);
    }

    [Fact]
    public void Server_without_a_token_is_refused_before_anything_is_sent() =>
        Assert.StartsWith("Dwcp.Cluster.Configuration,", TheError("Get-DwcpStaging -Server https://127.0.0.1:1").FullyQualifiedErrorId);

    [Theory]
    [InlineData("abc", "CannotConvertArgumentNoMessage")]
    [InlineData("150", "ParameterArgumentValidationError")]
    [InlineData("-1", "ParameterArgumentValidationError")]
    public void Percent_must_be_a_number_between_0_and_100(string percent, string id)
    {
        var error = TheError($"Set-DwcpRollout -Percent {percent} -Confirm:$false -Kubeconfig '{_directory}/absent'");
        Assert.StartsWith(id, error.FullyQualifiedErrorId);
        Assert.Contains("Percent", error.Exception.Message);
    }

    [Theory]
    [InlineData("Production!")]
    [InlineData("UPPER")]
    [InlineData("-x")]
    public void Namespace_must_be_a_name_that_Kubernetes_accepts(string name) =>
        Assert.StartsWith("ParameterArgumentValidationError", TheError($"Get-DwcpStaging -Namespace '{name}'").FullyQualifiedErrorId);

    [Theory]
    [InlineData("http://127.0.0.1/x")]
    [InlineData("dwcp://127.0.0.1")]
    [InlineData("vm/disk.img")]
    public void Destination_must_be_a_dwcp_address(string destination)
    {
        File.WriteAllText(Path.Combine(_directory, "file"), "x");
        var error = TheError($"Start-DwcpTransfer '{_directory}/file' '{destination}'");
        Assert.StartsWith("Dwcp.Transfer.InvalidRequest,", error.FullyQualifiedErrorId);
        Assert.Contains("dwcp://", error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void File_to_send_must_exist() =>
        Assert.StartsWith("Dwcp.PathNotFound,", TheError($"Start-DwcpTransfer '{_directory}/absent' dwcp://127.0.0.1/x").FullyQualifiedErrorId);

    [Fact]
    public void Node_that_does_not_answer_is_a_connection_error()
    {
        File.WriteAllText(Path.Combine(_directory, "file"), "x");
        var error = TheError($"Start-DwcpTransfer '{_directory}/file' dwcp://127.0.0.1:{UnusedPort()}/x -ApiKey (ConvertTo-TestSecret) -GiveUpAfter 00:00:01");
        Assert.StartsWith("Dwcp.Transfer.", error.FullyQualifiedErrorId);
        Assert.True(error.CategoryInfo.Category is ErrorCategory.ConnectionError or ErrorCategory.OperationTimeout, $"{error.CategoryInfo.Category}");
    }

    [Fact]
    public void Authority_must_be_PEM()
    {
        File.WriteAllText(Path.Combine(_directory, "file"), "x");
        var error = TheError($"Start-DwcpTransfer '{_directory}/file' dwcp://127.0.0.1:1/x -ApiKey (ConvertTo-TestSecret) -NodeAuthority '{_directory}/file'");
        Assert.StartsWith("Dwcp.InvalidArgument,", error.FullyQualifiedErrorId);
    }

    [Fact]
    public void Values_file_with_a_wrong_key_is_refused_with_its_line()
    {
        File.WriteAllText(Path.Combine(_directory, "values.yaml"), "release: 3.0.0\nnonsense: 1\n");
        var error = TheError($"Export-DwcpManifest -Values '{_directory}/values.yaml'");
        Assert.StartsWith("Dwcp.Manifest.Invalid,", error.FullyQualifiedErrorId);
        Assert.Contains("values.yaml:2", error.Exception.Message);
    }

    [Theory]
    [InlineData("Set-DwcpRollout 10")]
    [InlineData("Set-DwcpRollout -Next")]
    [InlineData("Approve-DwcpRollout phase-1 -Reason why")]
    [InlineData("Suspend-DwcpRollout")]
    [InlineData("Resume-DwcpRollout")]
    [InlineData("Invoke-DwcpRollback")]
    [InlineData("Invoke-DwcpRollback -Force")]
    public void WhatIf_does_not_even_open_a_connection(string command) =>
        // The kubeconfig does not exist: reading it would be an error.
        Assert.Empty(session.Run($"{command} -Kubeconfig '{_directory}/absent' -WhatIf").Errors);

    [Fact]
    public void WhatIf_writes_no_file()
    {
        Assert.Empty(session.Run($"Export-DwcpManifest '{_directory}/manifest.yaml' -WhatIf").Errors);
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Manifests_are_exported_as_YAML_without_a_cluster()
    {
        session.Invoke($"Export-DwcpManifest '{_directory}/manifest.yaml'");
        var yaml = File.ReadAllText(Path.Combine(_directory, "manifest.yaml"));
        Assert.Contains("kind: Deployment", yaml);
        Assert.DoesNotContain("kind: Secret\n", yaml);
    }

    [Fact]
    public void Checks_of_all_eight_categories_are_listed_without_a_cluster()
    {
        var categories = session.Invoke("Get-DwcpCheck").Select(check => $"{check.Properties["Category"].Value}").Distinct();
        Assert.Equal(8, categories.Count());
    }

    [Fact]
    public void Grave_command_fails_in_an_unattended_host_instead_of_waiting_for_an_answer() =>
        Assert.Single(session.Run($"Set-DwcpRollout 10 -Kubeconfig '{_directory}/absent'").Errors);

    private ErrorRecord TheError(string command) =>
        Assert.Single(session.Run($"function ConvertTo-TestSecret {{ $secret = [securestring]::new(); 'secret'.ToCharArray().ForEach({{ $secret.AppendChar($_) }}); $secret }}; {command}").Errors);

    private static int UnusedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
