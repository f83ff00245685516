namespace NovaCron.Dwcp.V1;

/// <summary>First byte of a v1 message (docs/format.md, "Version 1").</summary>
internal enum V1Message : byte
{
    Hello = 1,
    Welcome = 2,
    Put = 3,
    Get = 4,
    Entry = 5,
    Data = 6,
    EndFile = 7,
    EndObject = 8,
    Stored = 9,
    Error = 10,
    List = 11,
    Listed = 12,
    Delete = 13,
    Deleted = 14,
    Found = 15,
}
