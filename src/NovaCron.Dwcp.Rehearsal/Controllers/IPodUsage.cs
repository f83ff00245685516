namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>What pods use, measured on their processes.</summary>
internal interface IPodUsage
{
    /// <summary>Processor time that a pod's containers have used since they started; null when the pod does not run.</summary>
    TimeSpan? ProcessorTime(string ns, string pod);

    /// <summary>Resident memory of a pod's containers in bytes; null when the pod does not run.</summary>
    long? ResidentBytes(string ns, string pod);
}
