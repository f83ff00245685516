namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>What kind of failure the cluster, or the way to it, answered with.</summary>
public enum ClusterFailure
{
    /// <summary>The connection settings (kubeconfig, server, token, CA) cannot be used.</summary>
    Configuration,
    /// <summary>No connection to the API server, or its certificate was not accepted.</summary>
    Unreachable,
    /// <summary>No answer within the request's time limit.</summary>
    Timeout,
    /// <summary>401: the credentials were not accepted.</summary>
    Unauthorized,
    /// <summary>403: the identity is known and may not do this (RBAC, quota, Pod Security, admission).</summary>
    Forbidden,
    /// <summary>404: the object or its kind does not exist.</summary>
    NotFound,
    /// <summary>409: changed meanwhile, already exists, or a field belongs to another manager.</summary>
    Conflict,
    /// <summary>400, 422 and other refusals of what was sent.</summary>
    Invalid,
    /// <summary>410: the resource version is too old to watch from.</summary>
    Expired,
    /// <summary>429: still throttled after the retries that the server asked for.</summary>
    Throttled,
    /// <summary>5xx: the API server, or the pod behind its proxy, failed.</summary>
    ServerError,
}
