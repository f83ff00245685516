namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>A dictionary that was trained.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Id">Its number, hexadecimal: what was compressed with it names it so.</param>
/// <param name="ContentLength">Bytes of its content.</param>
/// <param name="FileLength">Bytes of its file.</param>
/// <param name="SampleCount">Samples that it was trained from.</param>
/// <param name="SampleBytes">Their bytes.</param>
public sealed record DictionaryResult(string Path, string Id, int ContentLength, int FileLength, int SampleCount, long SampleBytes);
