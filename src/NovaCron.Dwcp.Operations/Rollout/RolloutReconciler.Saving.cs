using System.Text.Json;
using k8s.Models;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

public sealed partial class RolloutReconciler
{
    /// <content>Status, history, conditions and Events.</content>
    private sealed partial class Pass
    {
        private void SetState(RolloutState state, string reason, string message, string type = "Normal")
        {
            if (Status.State == state && Status.Message == message) return;
            var changed = Status.State != state || Status.History.Count == 0;
            Status.State = state;
            Status.Message = message;
            _changed = true;
            if (changed) Note(reason, message, type);
        }

        private void Note(string reason, string message, string type)
        {
            Status.Message = message;
            Status.History.Add(new RolloutHistoryEntry
            {
                Number = Status.NextHistoryNumber++, Time = Now, State = Status.State, Phase = Status.Phase, Percent = Status.Percent, Reason = reason, Message = message,
                Incident = Status.Lock?.Incident ?? _acknowledged,
            });
            _events.Add((type, reason, message));
            _changed = true;
            owner.Options.Log?.Invoke($"{reason}: {message}");
        }

        private V1Condition? Condition(string type) => Status.Conditions.FirstOrDefault(condition => condition.Type == type);

        private void SetCondition(string type, bool value, string reason, string message)
        {
            var status = value ? "True" : "False";
            var condition = Condition(type);
            if (condition is null) Status.Conditions.Add(condition = new V1Condition { Type = type });
            if (condition.Status != status) condition.LastTransitionTime = Now.UtcDateTime;
            (condition.Status, condition.Reason, condition.Message, condition.ObservedGeneration) = (status, reason, message, Rollout.Metadata.Generation);
        }

        private async Task SaveStatusAsync(CancellationToken cancellationToken)
        {
            if (!_changed) return;
            await ArchiveHistoryAsync(cancellationToken).ConfigureAwait(false);
            // The spec of this pass stays the one that it was decided on; a newer one is read by the next pass.
            var spec = Rollout.Spec;
            Rollout = await _cluster.WriteRolloutStatusAsync(Rollout, cancellationToken).ConfigureAwait(false);
            Rollout.Status ??= new DwcpRolloutStatus();
            Rollout.Spec = spec;
            _changed = false;
            foreach (var (type, reason, message) in _events)
            {
                try
                {
                    await _cluster.RecordEventAsync(type, reason, message, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (RollbackService.IsFailure(e))
                {
                    // The history has it; an Event is a copy for people and holds nothing up.
                    owner.Options.Log?.Invoke($"Event {reason} was not recorded: {e.Message}");
                }
            }
            _events.Clear();
        }

        /// <summary>Moves the oldest entries out of a full status. The document is complete before the status forgets its entries.</summary>
        private async Task ArchiveHistoryAsync(CancellationToken cancellationToken)
        {
            while (Status.History.Count > HistoryInStatus)
            {
                var oldest = Status.History.Take(RolloutHistory.EntriesPerDocument).ToList();
                var name = RolloutHistory.DocumentName(oldest[0].Number);
                try
                {
                    await _cluster.WriteDocumentAsync(new RolloutDocument(name, JsonSerializer.Serialize(oldest, RolloutJson.Options), null), cancellationToken).ConfigureAwait(false);
                }
                catch (RolloutConflictException)
                {
                    // Written before a kill that came before the status forgot these entries; they never change.
                }
                Status.History.RemoveRange(0, RolloutHistory.EntriesPerDocument);
            }
        }
    }
}
