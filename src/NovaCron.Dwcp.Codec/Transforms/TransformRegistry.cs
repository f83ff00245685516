using NovaCron.Dwcp.Codec.Transforms.Branches;
using NovaCron.Dwcp.Codec.Transforms.Lines;
using NovaCron.Dwcp.Codec.Transforms.Records;

namespace NovaCron.Dwcp.Codec.Transforms;

/// <summary>The transforms, one set for each workspace because they keep tables, in the order in which an encoder tries them.</summary>
internal sealed class TransformRegistry
{
    /// <summary>All of them; an array, because enumerating it allocates nothing.</summary>
    public ITransform[] All { get; } = [new LineTransform(), new RecordTransform(), new BranchTransform<BranchKernel>(), new BranchTransform<Arm64BranchKernel>()];

    /// <summary>The transform that a payload names.</summary>
    /// <exception cref="DwcpFormatException">There is none of that number.</exception>
    public ITransform Get(byte id)
    {
        foreach (ITransform transform in All)
        {
            if ((byte)transform.Id == id)
            {
                return transform;
            }
        }

        throw new DwcpFormatException($"Transform {id} is unknown; a newer DWCP wrote it.");
    }
}
