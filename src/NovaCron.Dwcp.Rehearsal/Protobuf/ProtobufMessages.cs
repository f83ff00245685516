namespace NovaCron.Dwcp.Rehearsal.Protobuf;

/// <summary>
/// Field numbers of the messages that kubectl's typed clients send as protobuf (<c>kubectl create …</c>, <c>auth</c>, <c>drain</c>),
/// from the API's <c>generated.proto</c> files. One line a message: <c>Name: number field type</c>, where a type is <c>s</c> text, <c>i</c> whole
/// number, <c>z</c> whole number where 0 means not given, <c>b</c> boolean, <c>y</c> bytes, <c>t</c> time, <c>p</c> int-or-string, <c>q</c> quantity, or a message; <c>*</c> marks
/// lists, <c>%</c> maps from text.
/// </summary>
internal static class ProtobufMessages
{
    private const string Table = """
        ObjectMeta: 1 name s, 2 generateName s, 3 namespace s, 5 uid s, 6 resourceVersion s, 7 generation z, 8 creationTimestamp t, 9 deletionTimestamp t, 10 deletionGracePeriodSeconds i, 11 labels %s, 12 annotations %s, 13 ownerReferences *OwnerReference, 14 finalizers *s
        OwnerReference: 1 kind s, 3 name s, 4 uid s, 5 apiVersion s, 6 controller b, 7 blockOwnerDeletion b
        LabelSelector: 1 matchLabels %s, 2 matchExpressions *LabelSelectorRequirement
        LabelSelectorRequirement: 1 key s, 2 operator s, 3 values *s
        Namespace: 1 metadata ObjectMeta
        ConfigMap: 1 metadata ObjectMeta, 2 data %s, 3 binaryData %y, 4 immutable b
        Secret: 1 metadata ObjectMeta, 2 data %y, 3 type s, 4 stringData %s, 5 immutable b
        ServiceAccount: 1 metadata ObjectMeta, 4 automountServiceAccountToken b
        Service: 1 metadata ObjectMeta, 2 spec ServiceSpec
        ServiceSpec: 1 ports *ServicePort, 2 selector %s, 3 clusterIP s, 4 type s, 7 sessionAffinity s, 10 externalName s
        ServicePort: 1 name s, 2 protocol s, 3 port i, 4 targetPort p, 5 nodePort i, 6 appProtocol s
        Role: 1 metadata ObjectMeta, 2 rules *PolicyRule
        ClusterRole: 1 metadata ObjectMeta, 2 rules *PolicyRule, 3 aggregationRule AggregationRule
        AggregationRule: 1 clusterRoleSelectors *LabelSelector
        PolicyRule: 1 verbs *s, 2 apiGroups *s, 3 resources *s, 4 resourceNames *s, 5 nonResourceURLs *s
        RoleBinding: 1 metadata ObjectMeta, 2 subjects *Subject, 3 roleRef RoleRef
        ClusterRoleBinding: 1 metadata ObjectMeta, 2 subjects *Subject, 3 roleRef RoleRef
        Subject: 1 kind s, 2 apiGroup s, 3 name s, 4 namespace s
        RoleRef: 1 apiGroup s, 2 kind s, 3 name s
        Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec
        DeploymentSpec: 1 replicas i, 2 selector LabelSelector, 3 template PodTemplateSpec, 4 strategy DeploymentStrategy
        DeploymentStrategy: 1 type s
        PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
        PodSpec: 2 containers *Container, 3 restartPolicy s
        Container: 1 name s, 2 image s, 3 command *s, 4 args *s, 6 ports *ContainerPort, 7 env *EnvVar, 8 resources ResourceRequirements
        ContainerPort: 1 name s, 2 hostPort i, 3 containerPort i, 4 protocol s
        EnvVar: 1 name s, 2 value s
        ResourceRequirements: 1 limits %q, 2 requests %q
        PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec
        PodDisruptionBudgetSpec: 1 minAvailable p, 2 selector LabelSelector, 3 maxUnavailable p
        SelfSubjectReview: 1 metadata ObjectMeta
        SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec AccessReviewSpec
        SubjectAccessReview: 1 metadata ObjectMeta, 2 spec AccessReviewSpec
        LocalSubjectAccessReview: 1 metadata ObjectMeta, 2 spec AccessReviewSpec
        AccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, 3 user s, 4 groups *s, 6 uid s
        ResourceAttributes: 1 namespace s, 2 verb s, 3 group s, 4 version s, 5 resource s, 6 subresource s, 7 name s
        NonResourceAttributes: 1 path s, 2 verb s
        SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec
        SelfSubjectRulesReviewSpec: 1 namespace s
        TokenReview: 1 metadata ObjectMeta, 2 spec TokenReviewSpec
        TokenReviewSpec: 1 token s, 2 audiences *s
        TokenRequest: 1 metadata ObjectMeta, 2 spec TokenRequestSpec
        TokenRequestSpec: 1 audiences *s, 3 boundObjectRef BoundObjectReference, 4 expirationSeconds i
        BoundObjectReference: 1 kind s, 2 apiVersion s, 3 name s, 4 uid s
        DeleteOptions: 1 gracePeriodSeconds i, 2 preconditions Preconditions, 3 orphanDependents b, 4 propagationPolicy s, 5 dryRun *s
        Preconditions: 1 uid s, 2 resourceVersion s
        Eviction: 1 metadata ObjectMeta, 2 deleteOptions DeleteOptions
        """;

    private static readonly Lazy<Dictionary<string, Dictionary<int, ProtobufField>>> Messages = new(static () =>
        Table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(static line => line.Split(':', 2))
            .ToDictionary(static m => m[0], static m => m[1].Split(',', StringSplitOptions.TrimEntries)
                .Select(static f => f.Split(' '))
                .ToDictionary(static f => int.Parse(f[0]), static f => new ProtobufField(f[1], f[2].TrimStart('*', '%'), f[2][0] == '*', f[2][0] == '%'))));

    /// <summary>The fields of a message by number, or <c>null</c> when it is not known.</summary>
    public static IReadOnlyDictionary<int, ProtobufField>? Find(string message) => Messages.Value.GetValueOrDefault(message);
}
