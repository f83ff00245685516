namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>A server for one test, where what the test does would disturb others.</summary>
internal sealed class OwnServer : IAsyncDisposable
{
    private readonly ApiFixture _fixture = new();

    public async Task<ApiFixture> StartAsync()
    {
        await _fixture.InitializeAsync();
        return _fixture;
    }

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();
}
