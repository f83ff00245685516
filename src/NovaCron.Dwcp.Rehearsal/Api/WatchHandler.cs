using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;
using NovaCron.Dwcp.Rehearsal.Tables;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>watch: a stream of JSON events that ends with its time limit, with 410 Gone, or with the client.</summary>
internal sealed class WatchHandler(ApiContext api)
{
    // The real server ends watches after 30 to 60 minutes, at random, and sends a bookmark about once a minute.
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromMinutes(1);
    private static readonly ReadOnlyMemory<byte> LineEnd = "\n"u8.ToArray();

    public async Task WatchAsync(ApiRequest request, ResourceType type)
    {
        var selection = Selection.Of(request, api, type);
        var format = TableFormat.Asked(request.Http);
        var initial = request.Flag("sendInitialEvents");
        var from = StartOf(request, initial);
        var seconds = request.Number("timeoutSeconds");
        using var timeout = new CancellationTokenSource(
            seconds is > 0 and < int.MaxValue / 1000 ? TimeSpan.FromSeconds(seconds.Value) : DefaultTimeout, api.Store.Clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, timeout.Token, api.Stopping);

        request.Http.Response.ContentType = format is null ? "application/json" : "application/json;as=Table;v=v1;g=meta.k8s.io";
        await request.Http.Response.StartAsync(ending.Token).ConfigureAwait(false);
        await request.Http.Response.Body.FlushAsync(ending.Token).ConfigureAwait(false);
        var sender = new Sender(request, api, type, format);
        try
        {
            if (from is null)
            {
                var snapshot = api.Store.Snapshot(type, request.Path.Namespace);
                foreach (var item in snapshot.Items.Where(i => selection.Matches(i.Document)))
                {
                    await sender.SendAsync("ADDED", item, ending.Token).ConfigureAwait(false);
                }
                if (initial)
                {
                    await sender.BookmarkAsync(snapshot.Revision, true, ending.Token).ConfigureAwait(false);
                }
                from = snapshot.Revision;
                await sender.FlushAsync(ending.Token).ConfigureAwait(false);
            }
            await StreamAsync(request, type, selection, from.Value, sender, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has gone, the time is up, or the server ends: a watch ends without a word.
        }
        catch (ApiStatusException e)
        {
            await sender.ErrorAsync(e, request.Aborted).ConfigureAwait(false);
        }
    }

    private async Task StreamAsync(
        ApiRequest request, ResourceType type, Selection selection, long from, Sender sender, CancellationToken cancellationToken)
    {
        var bookmarks = request.Flag("allowWatchBookmarks");
        await using var changes = api.Store.Watch(type, request.Path.Namespace, from, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var revision = api.Store.Revision;
            var next = changes.MoveNextAsync();
            if (!next.IsCompleted)
            {
                await sender.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            var waiting = next.AsTask();
            while (bookmarks && !waiting.IsCompleted)
            {
                var tick = Task.Delay(BookmarkInterval, api.Store.Clock, cancellationToken);
                if (await Task.WhenAny(waiting, tick).ConfigureAwait(false) == tick && !cancellationToken.IsCancellationRequested)
                {
                    // Nothing that this watch selects happened up to the revision at which it began to wait.
                    await sender.BookmarkAsync(revision, false, cancellationToken).ConfigureAwait(false);
                    await sender.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            if (!await waiting.ConfigureAwait(false))
            {
                return;
            }
            var change = changes.Current;
            if (EventName(change, selection) is { } name)
            {
                await sender.SendAsync(name, change.Stored!, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // An object that begins to match appears, one that ceases to match disappears, for this watch.
    private static string? EventName(ClusterEvent change, Selection selection)
    {
        var before = change.Previous is { } previous && selection.Matches(previous.Document);
        var now = change.Type != ClusterEventType.Deleted && selection.Matches(change.Stored!.Document);
        return (before, now) switch { (false, true) => "ADDED", (true, true) => "MODIFIED", (true, false) => "DELETED", _ => null };
    }

    private static long? StartOf(ApiRequest request, bool initial)
    {
        var text = request.Query("resourceVersion");
        if (initial || string.IsNullOrEmpty(text) || text == "0")
        {
            return null;
        }
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? revision
            : throw ApiStatusException.BadRequest($"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
    }

    private sealed class Sender(ApiRequest request, ApiContext api, ResourceType type, TableFormat? format)
    {
        private readonly Stream _body = request.Http.Response.Body;
        private bool _headed;

        public Task SendAsync(string name, StoredObject item, CancellationToken cancellationToken)
        {
            var document = item.Copy(type);
            JsonNode payload = document;
            if (format is not null)
            {
                var table = api.TableOf(type, [document], format, item.Revision);
                if (_headed)
                {
                    table["columnDefinitions"] = null; // The client keeps those of the first event.
                }
                _headed = true;
                payload = table;
            }
            return WriteAsync(name, payload, cancellationToken);
        }

        public Task BookmarkAsync(long revision, bool endsInitialEvents, CancellationToken cancellationToken)
        {
            var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
            if (endsInitialEvents)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }
            return WriteAsync(
                "BOOKMARK", new JsonObject { ["kind"] = type.Kind, ["apiVersion"] = type.ApiVersion, ["metadata"] = metadata }, cancellationToken);
        }

        public async Task ErrorAsync(ApiStatusException refusal, CancellationToken cancellationToken)
        {
            await WriteAsync("ERROR", refusal.ToStatus(), cancellationToken).ConfigureAwait(false);
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        public Task FlushAsync(CancellationToken cancellationToken) => _body.FlushAsync(cancellationToken);

        private async Task WriteAsync(string name, JsonNode payload, CancellationToken cancellationToken)
        {
            var line = JsonDocuments.Serialize(new JsonObject { ["type"] = name, ["object"] = payload });
            await _body.WriteAsync(line, cancellationToken).ConfigureAwait(false);
            await _body.WriteAsync(LineEnd, cancellationToken).ConfigureAwait(false);
        }
    }
}
