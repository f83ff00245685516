using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>What a container's status shows. Changed by its runner, read by the pod's status; both under the pod's lock.</summary>
internal sealed class ContainerState(JsonObject container, string imageReference)
{
    private JsonObject _state = Waiting("ContainerCreating", null);
    private JsonObject? _lastState;

    public string Name { get; } = container.Text("name") ?? "";

    public string ContainerId { get; private set; } = "";

    public string ImageId { get; set; } = "";

    public int RestartCount { get; private set; }

    /// <summary>Whether the startup probe, if any, has succeeded in this run.</summary>
    public bool Started { get; set; }

    public bool Ready { get; set; }

    public bool IsRunning => _state.ContainsKey("running");

    /// <summary>The exit code of the last run, when the container is not running and none waits to begin.</summary>
    public long? ExitCode => (_state["terminated"] as JsonObject)?.Integer("exitCode");

    public bool HasRun => ContainerId.Length > 0;

    public void Wait(string reason, string? message)
    {
        Retire();
        _state = Waiting(reason, message);
        (Ready, Started) = (false, false);
    }

    public void Run(string containerId, DateTimeOffset now)
    {
        Retire();
        if (HasRun)
        {
            RestartCount++;
        }
        ContainerId = containerId;
        _state = new() { ["running"] = new JsonObject { ["startedAt"] = JsonDocuments.Timestamp(now) } };
    }

    public void Terminate(int exitCode, string reason, string? message, DateTimeOffset startedAt, DateTimeOffset now)
    {
        var terminated = new JsonObject { ["exitCode"] = exitCode, ["reason"] = reason };
        if (!string.IsNullOrEmpty(message))
        {
            terminated["message"] = message;
        }
        terminated["startedAt"] = JsonDocuments.Timestamp(startedAt);
        terminated["finishedAt"] = JsonDocuments.Timestamp(now);
        terminated["containerID"] = ContainerId;
        _state = new() { ["terminated"] = terminated };
        (Ready, Started) = (false, false);
    }

    /// <summary>The entry in <c>containerStatuses</c>.</summary>
    public JsonObject ToStatus() => new()
    {
        ["name"] = Name,
        ["state"] = _state.DeepClone(),
        ["lastState"] = _lastState?.DeepClone() ?? new JsonObject(),
        ["ready"] = Ready,
        ["restartCount"] = RestartCount,
        ["image"] = imageReference,
        ["imageID"] = ImageId,
        ["containerID"] = ContainerId,
        ["started"] = Started,
    };

    private static JsonObject Waiting(string reason, string? message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
        {
            waiting["message"] = message;
        }
        return new() { ["waiting"] = waiting };
    }

    private void Retire()
    {
        if (_state.ContainsKey("terminated"))
        {
            _lastState = _state;
        }
    }
}
