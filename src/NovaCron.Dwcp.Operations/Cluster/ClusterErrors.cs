using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>What the API server's refusals mean, and what an operator can do about each.</summary>
internal static class ClusterErrors
{
    public static DwcpClusterException Unreachable(string target, string server, Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return new DwcpClusterException(ClusterFailure.Unreachable, target,
                    $"the certificate of {server} was not accepted: {cause.Message}",
                    "Give the cluster's CA, or the name that its certificate is for.", e);
            }
        }

        var root = e;
        while (root.InnerException is not null)
            root = root.InnerException;
        return new DwcpClusterException(ClusterFailure.Unreachable, target, $"the API server {server} cannot be reached: {root.Message}",
            "Check the address, the network and whether the cluster is up.", e);
    }

    public static DwcpClusterException Timeout(string target, string server, TimeSpan limit) =>
        new(ClusterFailure.Timeout, target,
            string.Create(CultureInfo.InvariantCulture, $"the API server {server} did not answer within {limit.TotalSeconds:0.#} s"),
            "Check the load of the API server and the network to it; run the command again, it continues where it stopped.");

    /// <summary>The exception for an answer that is not 2xx, and how long the server asks to wait before another attempt.</summary>
    public static (DwcpClusterException Exception, TimeSpan? RetryAfter) FromResponse(string target, HttpResponseMessage response, byte[] body)
    {
        var status = TryReadStatus(body);
        var details = status?["details"] as JsonObject;
        TimeSpan? retryAfter = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow is { Ticks: > 0 } wait ? wait : TimeSpan.Zero,
            _ => Number(details?["retryAfterSeconds"]) is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : null,
        };

        var message = Text(status?["message"]);
        if (message is null)
        {
            var text = Encoding.UTF8.GetString(body).Trim();
            message = text.Length is > 0 and <= 300 ? text : $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}";
        }

        var causes = (details?["causes"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(c => Text(c["field"]) is { Length: > 0 } field ? $"{field}: {Text(c["message"])}" : Text(c["message"]) ?? "")
            .Where(c => c.Length > 0)
            .ToList();
        var reason = Text(status?["reason"]);
        var (failure, remedy) = Judge(response.StatusCode, reason, message);
        return (new DwcpClusterException(failure, target, message, remedy) { StatusCode = response.StatusCode, Reason = reason, Causes = causes },
            retryAfter);
    }

    private static (ClusterFailure, string) Judge(HttpStatusCode code, string? reason, string message) => (int)code switch
    {
        401 => (ClusterFailure.Unauthorized, "The credentials are wrong or expired: get a new token or kubeconfig."),
        403 when message.Contains("violates PodSecurity", StringComparison.Ordinal) =>
            (ClusterFailure.Forbidden, "The pod breaks the namespace's Pod Security level: correct the fields that the message names."),
        403 when message.Contains("exceeded quota", StringComparison.Ordinal) =>
            (ClusterFailure.Forbidden, "Raise the namespace's ResourceQuota or lower what is requested."),
        403 when message.Contains("ValidatingAdmissionPolicy", StringComparison.Ordinal) || message.Contains("admission webhook", StringComparison.Ordinal) =>
            (ClusterFailure.Forbidden, "An admission policy of the cluster refused it for the reason above."),
        403 => (ClusterFailure.Forbidden, "Ask for the missing permission: the message names user, verb and resource."),
        404 when message.Contains("namespaces \"", StringComparison.Ordinal) =>
            (ClusterFailure.NotFound, "Create the namespace first (New-DwcpStaging does), or correct its name."),
        404 when message.Contains("could not find the requested resource", StringComparison.Ordinal) || message.StartsWith("404 page not found", StringComparison.Ordinal) =>
            (ClusterFailure.NotFound, "The cluster does not serve this kind: install its CustomResourceDefinition, or check the cluster's version (1.30 or newer)."),
        404 => (ClusterFailure.NotFound, "Check its name and namespace, or deploy it first."),
        409 when reason == "AlreadyExists" => (ClusterFailure.Conflict, "It exists already: use it, or remove it first."),
        409 when message.Contains("conflict with", StringComparison.Ordinal) =>
            (ClusterFailure.Conflict, "Another field manager owns these fields: let it go of them, or take them over."),
        409 when message.Contains("being terminated", StringComparison.Ordinal) || message.Contains("being deleted", StringComparison.Ordinal) =>
            (ClusterFailure.Conflict, "Wait until the deletion has finished, then run the command again."),
        409 => (ClusterFailure.Conflict, "It changed meanwhile: read it again and repeat."),
        410 => (ClusterFailure.Expired, "List the objects again and watch from there."),
        429 => (ClusterFailure.Throttled, "The API server is overloaded: wait a minute and run the command again, it continues where it stopped."),
        >= 500 => (ClusterFailure.ServerError, "Look at the control plane's health and logs, then run the command again."),
        _ => (ClusterFailure.Invalid, "Correct the fields that the message names."),
    };

    /// <summary>The Kubernetes Status object in a body, or null if the body is something else.</summary>
    public static JsonObject? TryReadStatus(byte[] body)
    {
        try
        {
            return body.Length > 0 && JsonNode.Parse(body) is JsonObject document && Text(document["kind"]) == "Status" && Text(document["apiVersion"]) == "v1"
                ? document
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;
}
