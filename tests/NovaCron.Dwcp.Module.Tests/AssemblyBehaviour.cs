using Xunit.Sdk;
using Xunit.v3;

// Environment variables and the engine of PowerShell belong to the whole process.
[assembly: Parallelization(Mode = ParallelMode.None)]
