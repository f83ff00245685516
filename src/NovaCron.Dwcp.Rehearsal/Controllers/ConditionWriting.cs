using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Setting the conditions of an object, with their transition times.</summary>
internal static class ConditionWriting
{
    /// <summary>
    /// Sets a condition in a status. <c>lastTransitionTime</c> moves when its status changes; <c>lastUpdateTime</c>, for the kinds that have it, when
    /// its status or reason does.
    /// </summary>
    public static void SetCondition(
        this JsonObject status, string type, bool holds, string reason, string message, DateTimeOffset now, bool hasUpdateTime = false)
    {
        var conditions = status["conditions"] as JsonArray ?? [];
        status["conditions"] = conditions;
        var state = holds ? "True" : "False";
        var time = JsonDocuments.Timestamp(now);
        var existing = conditions.Objects().FirstOrDefault(c => c.Text("type") == type);
        if (existing is null)
        {
            existing = new JsonObject { ["type"] = type, ["status"] = state };
            if (hasUpdateTime)
            {
                existing["lastUpdateTime"] = time;
            }
            existing["lastTransitionTime"] = time;
            conditions.Add(existing);
        }
        if (hasUpdateTime && (existing.Text("status") != state || existing.Text("reason") != reason || existing.Text("message") != message))
        {
            existing["lastUpdateTime"] = time;
        }
        if (existing.Text("status") != state)
        {
            existing["lastTransitionTime"] = time;
        }
        existing["status"] = state;
        existing["reason"] = reason;
        existing["message"] = message;
    }

    public static void RemoveCondition(this JsonObject status, string type)
    {
        if (status["conditions"] is JsonArray conditions && conditions.Objects().FirstOrDefault(c => c.Text("type") == type) is { } condition)
        {
            conditions.Remove(condition);
        }
    }
}
