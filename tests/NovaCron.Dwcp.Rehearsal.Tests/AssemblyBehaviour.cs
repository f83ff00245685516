using Xunit.Sdk;
using Xunit.v3;

// Clusters of processes on two cores; beside another one, a test measures the machine.
[assembly: Parallelization(Mode = ParallelMode.None)]
