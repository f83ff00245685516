using Xunit.Sdk;
using Xunit.v3;

// A rehearsal is a cluster, its clients and its guardian on two cores; beside another one it measures the machine.
[assembly: Parallelization(Mode = ParallelMode.None)]
