namespace NovaCron.Dwcp.Rehearsal.Protobuf;

/// <summary>One field of a protobuf message.</summary>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Type">Its type; see <see cref="ProtobufMessages"/>.</param>
/// <param name="IsList">Whether it may occur several times.</param>
/// <param name="IsMap">Whether each occurrence is an entry of a map from text.</param>
internal sealed record ProtobufField(string Name, string Type, bool IsList, bool IsMap);
