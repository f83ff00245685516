using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Node.Metrics;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>Runs the components' self-tests: all at the start, all again every ten minutes, one on request. The last outcome is the component's health.</summary>
internal sealed class ComponentChecks
{
    /// <summary>All six together take a third of a second of one core where code is compiled ahead, once at the start and then every ten minutes.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TestLimit = TimeSpan.FromSeconds(20);

    private readonly NodeMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Dictionary<string, ComponentState> _states;
    private readonly SemaphoreSlim _one = new(1);

    public ComponentChecks(IEnumerable<IDwcpComponent> components, NodeMetrics metrics, TimeProvider time, ILogger log)
    {
        _metrics = metrics;
        _time = time;
        _log = log;
        _states = components.ToDictionary(component => component.Name, component => new ComponentState(component, null, null), StringComparer.OrdinalIgnoreCase);
        foreach (var state in _states.Values) metrics.AddComponent(state.Component);
    }

    /// <summary>Every component with its last outcome.</summary>
    public IReadOnlyList<ComponentState> States
    {
        get
        {
            lock (_states) return [.. _states.Values];
        }
    }

    /// <summary>Tests one component now; null when there is none of this name.</summary>
    public async Task<ComponentState?> TestAsync(string name, CancellationToken cancellationToken)
    {
        IDwcpComponent component;
        lock (_states)
        {
            if (!_states.TryGetValue(name, out var known)) return null;
            component = known.Component;
        }

        // One at a time: a self-test measures nothing, but six at once would take the cores from the sessions.
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TestLimit);
            ComponentSelfTest outcome;
            try
            {
                outcome = await Task.Run(() => component.RunSelfTest(limit.Token), limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                outcome = new ComponentSelfTest(false, $"The self-test did not end within {TestLimit.TotalSeconds:0} s.", TestLimit);
            }

            if (!outcome.Passed) _log.LogError("Self-test of {Component} failed: {Detail}", component.Name, outcome.Detail);
            _metrics.SetComponentHealth(component.Name, outcome.Passed);
            var state = new ComponentState(component, outcome, _time.GetUtcNow());
            lock (_states) _states[component.Name] = state;
            return state;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Tests all components now and every ten minutes until cancelled.</summary>
    public async Task RunAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, _time);
        do
        {
            foreach (var state in States)
            {
                heartbeat.Beat();
                await TestAsync(state.Component.Name, cancellationToken).ConfigureAwait(false);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }
}
