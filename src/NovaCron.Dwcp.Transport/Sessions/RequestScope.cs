namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Times one request, applies injected faults to it and reports its outcome.</summary>
internal readonly struct RequestScope(ServerSessionContext context, string version)
{
    /// <summary>Runs the body as one request; whatever it throws is classified, reported and thrown on.</summary>
    public async ValueTask<T> RunAsync<T>(RequestKind kind, Func<ValueTask<T>> body, CancellationToken cancellationToken)
    {
        var start = context.Time.GetTimestamp();
        try
        {
            var fault = context.Faults.Next(version, kind);
            if (fault.Delay > TimeSpan.Zero) await Task.Delay(fault.Delay, context.Time, cancellationToken).ConfigureAwait(false);
            if (fault.Fail) throw new DwcpTransferException(DwcpErrorCode.ServerFailure, DwcpFault.Server, "The node failed (a fault injected by a rehearsal). Try again.");
            var result = await body().ConfigureAwait(false);
            context.Observer.RequestCompleted(version, kind, RequestOutcome.Ok, context.Time.GetElapsedTime(start));
            return result;
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network)
        {
            if (e.Code is DwcpErrorCode.CorruptChunk or DwcpErrorCode.StoredDataCorrupt) context.Observer.CorruptionDetected(version, e.Message);
            var outcome = e.Fault == DwcpFault.Server ? RequestOutcome.ServerError : RequestOutcome.ClientError;
            context.Observer.RequestCompleted(version, kind, outcome, context.Time.GetElapsedTime(start));
            throw;
        }
        catch (Exception e) when (e is not (OperationCanceledException or DwcpTransferException))
        {
            // A defect of ours, not of the peer: it counts against the node, and the session ends.
            context.Observer.RequestCompleted(version, kind, RequestOutcome.ServerError, context.Time.GetElapsedTime(start));
            throw new DwcpTransferException(DwcpErrorCode.ServerFailure, DwcpFault.Server, $"The node failed inside ({e.GetType().Name}). Its log has more; try again.", e);
        }
    }
}
