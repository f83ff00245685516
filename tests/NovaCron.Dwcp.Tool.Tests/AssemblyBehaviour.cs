// A rehearsal is a cluster, its clients and its guardian on two cores; beside another one it measures the machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
