using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>Some literals, then a copy of <see cref="Length"/> bytes from <see cref="Offset"/> bytes back.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Sequence
{
    public int Literals;
    public int Length;
    public int Offset;
}
