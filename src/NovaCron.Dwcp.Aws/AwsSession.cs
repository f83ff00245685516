using System.Reflection;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;

namespace NovaCron.Dwcp.Aws;

/// <summary>
/// Credentials and region as a cmdlet of AWS.Tools would find them: a named profile, else what the session stored, else the default chain (environment,
/// default profile, web identity, container, instance). Keys stay in this process.
/// </summary>
public sealed class AwsSession
{
    private readonly AWSCredentials _credentials;

    private AwsSession(AWSCredentials credentials, RegionEndpoint region, string source, bool isFromSession)
    {
        _credentials = credentials;
        Endpoint = region;
        Source = source;
        IsFromSession = isFromSession;
    }

    /// <summary>For example <c>eu-central-1</c>.</summary>
    public string Region => Endpoint.SystemName;

    /// <summary>Where the credentials come from, for people.</summary>
    public string Source { get; }

    /// <summary>True if they live in the PowerShell session only, where no other program finds them.</summary>
    public bool IsFromSession { get; }

    internal RegionEndpoint Endpoint { get; }

    internal AWSCredentials Credentials => _credentials;

    /// <exception cref="DwcpAwsException">No credentials or no region; says how to give them.</exception>
    public static AwsSession Open(AwsOptions options)
    {
        var (credentials, source, profile, isFromSession) = Find(options);
        return new AwsSession(credentials, FindRegion(options, profile), source, isFromSession);
    }

    /// <summary>With given keys.</summary>
    internal static AwsSession Open(AwsKeys keys, string region) => new(
        keys.SessionToken is null ? new BasicAWSCredentials(keys.AccessKey, keys.SecretKey) : new SessionAWSCredentials(keys.AccessKey, keys.SecretKey, keys.SessionToken),
        RegionEndpoint.GetBySystemName(region), "given keys", true);

    /// <summary>The keys as they are now; renewed by whoever issued them.</summary>
    /// <exception cref="DwcpAwsException">They could not be had, for example because a login has expired.</exception>
    internal async Task<AwsKeys> KeysAsync()
    {
        try
        {
            var keys = await _credentials.GetCredentialsAsync().ConfigureAwait(false);
            return new AwsKeys(keys.AccessKey, keys.SecretKey, string.IsNullOrEmpty(keys.Token) ? null : keys.Token);
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or InvalidOperationException or TargetInvocationException or HttpRequestException)
        {
            throw new DwcpAwsException($"AWS credentials ({Source})", $"could not be had: {(e.InnerException ?? e).Message}", "Log in again (aws sso login, Set-AWSCredential), or name another profile (-ProfileName).", e);
        }
    }

    private static (AWSCredentials Credentials, string Source, CredentialProfile? Profile, bool IsFromSession) Find(AwsOptions options)
    {
        if (options.ProfileName is { } name)
        {
            var chain = new CredentialProfileStoreChain(options.ProfileLocation);
            if (!chain.TryGetProfile(name, out var profile))
            {
                var known = chain.ListProfiles().Select(p => p.Name).Distinct().Order(StringComparer.Ordinal).ToList();
                throw new DwcpAwsException($"AWS profile {name}", "does not exist", known.Count == 0 ? "Make it (Set-AWSCredential -StoreAs, aws configure)." : $"Name one that does: {string.Join(", ", known)}.");
            }

            try
            {
                return (profile.GetAWSCredentials(chain), $"profile {name}", profile, false);
            }
            catch (Exception e) when (e is AmazonClientException or InvalidOperationException)
            {
                throw new DwcpAwsException($"AWS profile {name}", $"gives no credentials: {e.Message}", "Complete it (aws configure), or name another one.", e);
            }
        }

        if (options.StoredCredentials is { } stored)
            return (new StoredCredentials(stored), "the session ($StoredAWSCredentials)", null, true);
        try
        {
            var found = Amazon.Runtime.Credentials.DefaultAWSCredentialsIdentityResolver.GetCredentials();
            return (found, $"the default chain ({found.GetType().Name})", DefaultProfile(options), false);
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or InvalidOperationException)
        {
            throw new DwcpAwsException("AWS credentials", "there are none: no -ProfileName, nothing stored in the session, nothing in environment, ~/.aws or this machine",
                "Give a profile (-ProfileName), or log in (Set-AWSCredential, aws sso login).", e);
        }
    }

    private static CredentialProfile? DefaultProfile(AwsOptions options) =>
        new CredentialProfileStoreChain(options.ProfileLocation).TryGetProfile(Environment.GetEnvironmentVariable("AWS_PROFILE") is { Length: > 0 } name ? name : "default", out var profile) ? profile : null;

    private static RegionEndpoint FindRegion(AwsOptions options, CredentialProfile? profile)
    {
        var name = options.Region ?? options.StoredRegion;
        if (name is null && profile is not null && options.ProfileName is not null)
            name = profile.Region?.SystemName;
        name ??= Environment.GetEnvironmentVariable("AWS_REGION") is { Length: > 0 } region ? region
            : Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION") is { Length: > 0 } fallback ? fallback
            : profile?.Region?.SystemName;
        if (string.IsNullOrWhiteSpace(name))
            throw new DwcpAwsException("AWS region", "is not known", "Give it (-Region eu-central-1), or set a default (Set-DefaultAWSRegion, AWS_REGION, the profile's region).");
        return System.Text.RegularExpressions.Regex.IsMatch(name, "^[a-z]{2}(-[a-z]+)+-[0-9]+$")
            ? RegionEndpoint.GetBySystemName(name)
            : throw new DwcpAwsException($"AWS region {name}", "is no name of a region", "Give one such as eu-central-1.");
    }

    /// <summary>
    /// AWS.Tools keeps the session's credentials in an object of its own copy of the SDK, which is not ours. What counts of it is that it gives keys when asked.
    /// </summary>
    private sealed class StoredCredentials(object stored) : AWSCredentials
    {
        public override ImmutableCredentials GetCredentials()
        {
            // PowerShell wraps variables; AWSPSCredentials holds the SDK's object in a property that is not public.
            var value = Unwrap(stored);
            var inner = value.GetType().GetMethod("GetCredentials", Type.EmptyTypes) is not null ? value : Unwrap(Property(value, "Credentials") ?? throw Unknown(value));
            var keys = inner.GetType().GetMethod("GetCredentials", Type.EmptyTypes)?.Invoke(inner, null) ?? throw Unknown(inner);
            return new ImmutableCredentials(Property(keys, "AccessKey") as string ?? throw Unknown(keys), Property(keys, "SecretKey") as string ?? throw Unknown(keys), Property(keys, "Token") as string);
        }

        private static object Unwrap(object value) =>
            value.GetType().FullName == "System.Management.Automation.PSObject" && Property(value, "BaseObject") is { } inner ? inner : value;

        private static object? Property(object value, string name) =>
            value.GetType().GetProperty(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)?.GetValue(value);

        private static InvalidOperationException Unknown(object value) => new($"{value.GetType().FullName} is not understood as credentials");
    }
}
