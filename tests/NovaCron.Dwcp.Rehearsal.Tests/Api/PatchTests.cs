using System.Text.Json.Nodes;
using CsCheck;
using NovaCron.Dwcp.Rehearsal.Patches;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

public sealed class PatchTests
{
    private static readonly FieldSchema Deployment = BuiltInSchemas.Find(ResourceTypes.Deployments)!;

    // Examples of RFC 6902, appendix A.
    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"baz":"qux","foo":"bar"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("""{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10}]""", """{"/":9,"~1":10}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    public void Json_patch_does_what_the_standard_shows(string document, string patch, string expected) =>
        Same(expected, JsonPatch.Apply(Parse(document), (JsonArray)JsonNode.Parse(patch)!));

    [Theory]
    [InlineData("""{"baz":"qux"}""", """[{"op":"test","path":"/baz","value":"bar"}]""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz/bat","value":"qux"}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"remove","path":"/foo/1"}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"burn","path":"/foo"}]""")]
    public void A_json_patch_that_does_not_apply_is_refused(string document, string patch) =>
        Assert.InRange(Assert.Throws<ApiStatusException>(() => JsonPatch.Apply(Parse(document), (JsonArray)JsonNode.Parse(patch)!)).Code, 400, 422);

    // Examples of RFC 7396, appendix A.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void Merge_patch_does_what_the_standard_shows(string document, string patch, string expected)
    {
        var target = Parse(document);
        MergePatch.Apply(target, Parse(patch));
        Same(expected, target);
    }

    [Theory]
    [InlineData("""[{"name":"a","image":"2"}]""", """[{"name":"a","image":"2"},{"name":"b","image":"1"}]""")]
    [InlineData("""[{"name":"c","image":"1"}]""", """[{"name":"a","image":"1"},{"name":"b","image":"1"},{"name":"c","image":"1"}]""")]
    [InlineData("""[{"name":"a","$patch":"delete"}]""", """[{"name":"b","image":"1"}]""")]
    [InlineData("""[{"$patch":"replace"},{"name":"z","image":"1"}]""", """[{"name":"z","image":"1"}]""")]
    public void Strategic_patches_merge_containers_by_name(string containers, string expected)
    {
        var target = Containers("""[{"name":"a","image":"1"},{"name":"b","image":"1"}]""");
        StrategicMergePatch.Apply(Deployment, target, Containers(containers));
        Same(expected, target.At("spec.template.spec.containers")!);
    }

    [Fact]
    public void Strategic_patches_keep_to_the_order_that_is_asked_for()
    {
        var target = Containers("""[{"name":"a"},{"name":"b"}]""");
        StrategicMergePatch.Apply(Deployment, target, Parse(
            """{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"2"}]}}}}"""));
        Same("""[{"name":"b"},{"name":"a","image":"2"}]""", target.At("spec.template.spec.containers")!);
    }

    [Fact]
    public void Strategic_patches_retain_only_the_named_keys_of_a_union()
    {
        var target = Parse("""{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}""");
        StrategicMergePatch.Apply(Deployment, target, Parse("""{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"""));
        Same("""{"type":"Recreate"}""", target.At("spec.strategy")!);
    }

    [Fact]
    public void Applying_twice_changes_nothing_the_second_time()
    {
        var applied = Containers("""[{"name":"a","image":"1","ports":[{"containerPort":80}]}]""");
        var once = Apply(null, applied, "m");
        Assert.True(JsonNode.DeepEquals(once, Apply(once, applied, "m")));
    }

    [Fact]
    public void A_manager_that_no_longer_sets_a_field_loses_it_unless_another_owns_it_too()
    {
        var live = Apply(null, Parse("""{"metadata":{"labels":{"a":"1","b":"1"}}}"""), "one");
        live = Apply(live, Parse("""{"metadata":{"labels":{"b":"1"}}}"""), "two");
        live = Apply(live, Parse("""{"metadata":{"labels":{}}}"""), "one");
        Same("""{"b":"1"}""", live.At("metadata.labels")!);
    }

    [Fact]
    public void A_different_value_of_another_manager_is_a_conflict_that_force_overcomes()
    {
        var live = Apply(null, Containers("""[{"name":"a","image":"1"}]"""), "one");
        var conflict = Assert.Throws<ApiStatusException>(() => Apply(live, Containers("""[{"name":"a","image":"2"}]"""), "two"));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"one\": .spec.template.spec.containers[name=\"a\"].image", conflict.Message);
        Assert.Equal(new StatusCause("FieldManagerConflict", "conflict with \"one\"", ".spec.template.spec.containers[name=\"a\"].image"), Assert.Single(conflict.Causes));
        var forced = Apply(live, Containers("""[{"name":"a","image":"2"}]"""), "two", force: true);
        Assert.Equal("2", forced.At("spec.template.spec.containers")![0]!["image"]!.ToString());
        _ = Assert.Throws<ApiStatusException>(() => Apply(forced, Containers("""[{"name":"a","image":"3"}]"""), "one"));
    }

    [Fact]
    public void What_a_manager_does_not_mention_stays_as_others_left_it()
    {
        var live = Apply(null, Parse("""{"spec":{"replicas":2}}"""), "scaler");
        live = Apply(live, Containers("""[{"name":"a","image":"1"}]"""), "deployer");
        live = Apply(live, Containers("""[{"name":"a","image":"2"}]"""), "deployer");
        Assert.Equal(2, (live.At("spec.replicas") as JsonValue).AsInteger());
    }

    [Fact]
    public void Field_sets_survive_writing_and_reading()
    {
        var edges = Gen.OneOf(new[] { "f:a", "f:b.c", "k:{\"name\":\"x\"}", "v:\"y\"" }.Select(static p => (IGen<string>)Gen.Const(p)).ToArray());
        edges.Array[1, 4].Array[1, 8].Sample(static paths =>
        {
            var set = new FieldSet();
            foreach (var path in paths)
            {
                path.Aggregate(set, static (at, edge) => at.Open(edge)).IsMember = true;
            }
            return FieldSet.Parse(set.ToJson()).SetEquals(set) && set.Except(set).IsEmpty && set.Union(set).SetEquals(set) && set.Intersect(set).SetEquals(set);
        });
    }

    private static JsonObject Apply(JsonObject? live, JsonObject applied, string manager, bool force = false) =>
        FieldOwnership.Of(ResourceTypes.Deployments, Deployment, live, DateTimeOffset.UnixEpoch, false)
            .Apply(new(manager, FieldManager.Apply, "apps/v1", ""), live, applied, force);

    private static JsonObject Containers(string containers) => Parse("{\"spec\":{\"template\":{\"spec\":{\"containers\":" + containers + "}}}}");

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static void Same(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"Expected {expected}, but got {actual.ToJsonString()}");
}
