using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;

namespace NovaCron.Dwcp.Aws;

/// <summary>The shipped Terraform configuration for AWS: what it is given, and what a deployment takes from its outputs.</summary>
public sealed class AwsInfrastructure : IDisposable
{
    private readonly string? _credentials;

    private AwsInfrastructure(TerraformProject project, IReadOnlyDictionary<string, string> environment, string? credentials)
    {
        Project = project;
        Environment = environment;
        _credentials = credentials;
    }

    public TerraformProject Project { get; }

    /// <summary>What Terraform is told by its environment: names and paths.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; }

    /// <param name="session">Credentials and region.</param>
    /// <param name="profileName">Profile that the session was opened with; handed on by name.</param>
    /// <param name="configuration">Directory of the configuration.</param>
    /// <param name="workingDirectory">Where Terraform works.</param>
    /// <param name="environment">Name of the environment, part of every resource's name and of the state's key.</param>
    /// <param name="stateBucket">S3 bucket with the state.</param>
    /// <param name="variables">Further variables of the configuration; they win.</param>
    /// <param name="program">Terraform; the one on PATH when null.</param>
    /// <exception cref="DwcpAwsException">The session's credentials could not be had.</exception>
    public static async Task<AwsInfrastructure> OpenAsync(
        AwsSession session, string? profileName, string configuration, string workingDirectory, string environment, string stateBucket, IReadOnlyDictionary<string, object?> variables,
        string? program = null)
    {
        var given = new Dictionary<string, object?>(StringComparer.Ordinal) { ["region"] = session.Region, ["environment"] = environment };
        foreach (var (name, value) in variables)
            given[name] = value;
        var processEnvironment = new Dictionary<string, string>(StringComparer.Ordinal) { ["AWS_REGION"] = session.Region };
        string? file = null;
        if (profileName is not null)
        {
            processEnvironment["AWS_PROFILE"] = profileName;
            Forget(processEnvironment);
        }
        else if (session.IsFromSession)
        {
            // Keys that only this PowerShell session knows: a file that nobody else may read, for as long as Terraform runs. Never environment or arguments.
            file = await WriteCredentialsAsync(session).ConfigureAwait(false);
            processEnvironment["AWS_SHARED_CREDENTIALS_FILE"] = file;
            processEnvironment["AWS_PROFILE"] = "default";
            Forget(processEnvironment);
        }

        try
        {
            return new AwsInfrastructure(new TerraformProject(new TerraformOptions
            {
                ConfigurationDirectory = configuration,
                WorkingDirectory = workingDirectory,
                Variables = given,
                Backend = new Dictionary<string, string> { ["bucket"] = stateBucket, ["key"] = $"novacron-dwcp/{given["environment"]}.tfstate", ["region"] = session.Region },
                Environment = processEnvironment,
                Program = program,
            }), processEnvironment, file);
        }
        catch
        {
            Remove(file);
            throw;
        }
    }

    /// <summary>The settings of a deployment on what Terraform has made: the ports that its balancers expect, and its file system.</summary>
    public static StagingValues Complete(StagingValues values, InfrastructureResult result) => values with
    {
        Service = values.Service.Type != "ClusterIP" ? values.Service : values.Service with
        {
            Type = "NodePort",
            HttpNodePort = Port(result.Output("http_node_port")),
            DataNodePort = Port(result.Output("data_node_port")),
        },
        Storage = values.Storage.ClassName is { Length: > 0 } || values.Storage.Ephemeral ? values.Storage : values.Storage with { EfsFileSystem = result.Output("store_file_system_id"), AccessMode = "ReadWriteMany" },
    };

    /// <summary>Removes what was written for Terraform.</summary>
    public void Dispose() => Remove(_credentials);

    /// <summary>Keys in the environment would win over the profile that was named; empty counts as absent.</summary>
    private static void Forget(Dictionary<string, string> environment)
    {
        foreach (var name in new[] { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN" })
            environment[name] = "";
    }

    private static async Task<string> WriteCredentialsAsync(AwsSession session)
    {
        var keys = await session.KeysAsync().ConfigureAwait(false);
        var directory = Directory.CreateTempSubdirectory("dwcp-terraform-");
        if (!OperatingSystem.IsWindows())
            directory.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var file = Path.Combine(directory.FullName, "credentials");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(file, options);
        await writer.WriteAsync($"[default]\naws_access_key_id = {keys.AccessKey}\naws_secret_access_key = {keys.SecretKey}\n").ConfigureAwait(false);
        if (keys.SessionToken is not null)
            await writer.WriteAsync($"aws_session_token = {keys.SessionToken}\n").ConfigureAwait(false);
        return file;
    }

    private static void Remove(string? file)
    {
        if (file is not null && Path.GetDirectoryName(file) is { } directory && Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private static int Port(string? text) => int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) ? port : 0;
}
