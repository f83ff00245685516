namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>Bits of the flags in Put and Get frames.</summary>
internal static class PutFlags
{
    /// <summary>The client was cut off before: look afresh at what is stored.</summary>
    public const int Resuming = 1;

    /// <summary>Ask for every chunk, whatever is stored.</summary>
    public const int Forget = 2;
}
