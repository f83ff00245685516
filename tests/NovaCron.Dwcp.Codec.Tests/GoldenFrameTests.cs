using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>
/// Frames written by the first version of this format. They must decode for ever; that the encoder still writes the same bytes is how a change
/// of format shows itself. Run with DOTNET_EnableHWIntrinsic=0 in the environment it proves the portable paths.
/// </summary>
public sealed class GoldenFrameTests
{
    private const string Store =
        "RFdDUAMAAAAAABAAAAAAAAAAAAAAAAAAWG5MfmB0gumEAwAAhQMAAEU1zyi9Ymgpb2X5D0KiuYhAjHx7c//dmwAAAAB9hW0DADAwMDAwIGNodW5rIDAgb2Yg"
        + "b2JqZWN0IC92YXIvbGliL2R3Y3AvMCBjb21taXR0ZWQgaW4gMCBtcwowMDAwMSBjaHVuayA3IG9mIG9iamVjdCAvdmFyL2xpYi9kd2NwLzc5YjEgY29tbWl0"
        + "dGVkIGluIDEgbXMKMDAwMDIgY2h1bmsgMyBvZiBvYmplY3QgL3Zhci9saWIvZHdjcC9mMzYyIGNvbW1pdHRlZCBpbiA0IG1zCjAwMDAzIGNodW5rIDEwIG9m"
        + "IG9iamVjdCAvdmFyL2xpYi9kd2NwLzZkMTMgY29tbWl0dGVkIGluIDkgbXMKMDAwMDQgY2h1bmsgNiBvZiBvYmplY3QgL3Zhci9saWIvZHdjcC9lNmM0IGNv"
        + "bW1pdHRlZCBpbiAxNiBtcwowMDAwNSBjaHVuayAyIG9mIG9iamVjdCAvdmFyL2xpYi9kd2NwLzYwNzUgY29tbWl0dGVkIGluIDI1IG1zCjAwMDA2IGNodW5r"
        + "IDkgb2Ygb2JqZWN0IC92YXIvbGliL2R3Y3AvZGEyNiBjb21taXR0ZWQgaW4gMzYgbXMKMDAwMDcgY2h1bmsgNSBvZiBvYmplY3QgL3Zhci9saWIvZHdjcC81"
        + "M2Q3IGNvbW1pdHRlZCBpbiA0OSBtcwowMDAwOCBjaHVuayAxIG9mIG9iamVjdCAvdmFyL2xpYi9kd2NwL2NkODggY29tbWl0dGVkIGluIDY0IG1zCjAwMDA5"
        + "IGNodW5rIDggb2Ygb2JqZWN0IC92YXIvbGliL2R3Y3AvNDczOSBjb21taXR0ZWQgaW4gODEgbXMKMDAwMTAgY2h1bmsgNCBvZiBvYmplY3QgL3Zhci9saWIv"
        + "ZHdjcC9jMGVhIGNvbW1pdHRlZCBpbiAzIG1zCjAwMDExIGNodW5rIDAgb2Ygb2JqZWN0IC92YXIvbGliL2R3Y3AvM2E5YiBjb21taXR0ZWQgaW4gMjQgbXMK"
        + "MDAwMTIgY2h1bmsgNyBvZiBvYmplY3QgL3Zhci9saWIvZHdjcC9iNDRjIGNvbW1pdHRlZCBpbiA0NyBtcwowMDAxMyBjaHVuayAzIG9mIG9iamVjdCAvdmFy"
        + "L2xpYi9kd2NwLzJkZmQgY29tbWl0dGVkIGluIDcyIG1zCjAwMDE0IGNodW5rIDEwIG9mIG9iamVjdCAvdmFyL2xpYi9kd2NwLwAAAAAgAAAAUiht3D97JYfF"
        + "RLfZO+SS/KNtTLwk/cSNAAAAAM6BVluEAwAAhQMAAG9l+Q9CormIQIx8e3P/3ZuEAwAAAAAAAEgAAADwkm5rUENXRA==";

    private const string Fast =
        "RFdDUAMAAQAAACAAAAAAAAAAAAAAAAAAhmKdNihle11/DgAANQIAAJzuE1TeZ2vL1CXZz7TOdmCEZCOhtVrNNQEAAAAagy/+AgH/HAL8A7ICOIUmxCMJbj6I"
        + "OJ9CAeXIFK+wgAlSAABBAABAAAA6VKWLjG5QdevSTW7cJQIN78WzS0I7rGjkmEVtLMQQO6wqb2bZ6+d10vHv9c31+vt8Pl/rhOev9zc+3+/H98f/8bpe8/w5"
        + "X9/zddL14/vHr3UKeM+HmI3xs9pVRCyc84ThIi7JDHea95RllypZmm4Blly1bkunsgyp8mIV9iu7Mo4Tpyz3vg2o1ElOq1heDKoC5hS7Wgy3syoaDApi7qsL"
        + "VAyVouoWN3EI14VAABiHVdO1DMxq75iAHBkiBtUdddaC8WwpwuGm1bem+vas0mV82zIB9vp5HTXrjHu4bPWyqIU8zXwTL+nsDi/j5A4XFJc9c9kiHFdnG710"
        + "xXE2SEJtzeWeeZlNrjcwp7uCeVnEnJIzBUUZAuABhQEoiTSINpAwBUgEpEYCfQHxivIipYwQmtoT0gYbAAAYAAAXAAA4RDQTIvcIUe2odlQ7qj6qPirm54qj"
        + "Yj7VTg+Re1Q7Ks7UfThkon9ChEg+k7u/tLS0tFq3n6qj7jMhE/qLb2lpae8IESKUQwRHCBFdHRzREd3mIzqio+JMxZnolpZwiBAJAnU2DQhyQoBSI0AwKKAT"
        + "CAAACAAACgAA5kmSJEk++Q8kSd51SZqZBT5d913XzMxPkgwuTzJJkpn3AB8YGCMgJxgpMjc5JzcyKDgtMjI/ICc3OToYLTAyNDY5FWqPu8el5804jLM8G8lN"
        + "0Nb7lts0BAAAAAAgAAAAruKpsjEhMCC0suJTseYUs2i1RBDxSY8TAAAAAKwzC4x/DgAANQIAANQl2c+0znZghGQjobVazTV/DgAAAAAAAEgAAADwkm5rUENX"
        + "RA==";

    private const string Balanced =
        "RFdDUAMAAgAAAIAAAAAAAAAAAAAAAAAAk1eMstQOE2J/DgAAUQIAAAGcu/P7gJH/1CXZz7TOdmCEZCOhtVrNNQIAAAC4NI5ZAgH/HAK1A48COIUmEI+E4OWD"
        + "iPMLBZQ7xZsDJgBHAAA5AAA5AAA6TwJ1mWEdXa1nZChHdoN8+6A1+qZAV7xoBiviiH3ebsXe61Zvvb5ut+OzFfp+/td0XNen819/utXnjY/xluOt2Px7/322"
        + "EgcFbaNRzQNh712kZUhkifmQnhRCSi3CnWk6GYMng/WK25DtixeEmmsqRAYwDdZbM3dLhkxqIVIvM4W5gpxQahoHiVuCQ66pd5DJMT3Fws5zdVV1TSmVQKP5"
        + "LQhdUSW/jKeQNiZI2WnRrJmNIw1f03g5tvZ5u73MWO0OadrloCXeeoZiZHaGL8zuVBk4YrLCHiNFFpt9oSg1OoEc0RCKO2t9MD04Q2m+u4GxYAK0AZsBCClF"
        + "GqQtEKYAiQBSggJhKXMlwhUSQRkMVUC4SiT18EQThbIITdBOIkUsGwAAGwAAGQAA9P/e6ZQVJYcphymHKXRMgSHL2FYGU8aeffk8NbUHk9REbxPfGs80futd"
        + "h4JRhzpUHtYPC+MGFVfet6ImrkMdaFBDa2jh61ZBkk8StqIOcrfVmPe4oSHZDQ0vGhrWgQYkQVInCUtTGlgCfD0NCBIDQFAO5AYQCAoRsAkKAAAJAAAHAADk"
        + "SXLOOefcn3M/JEnyLMuyrCQDPEmSkuRJMvJss+lns9nsm00GADUYGCMYICgrLzIrJDIyGDIrIC83OTI3JyQyKDIkLxgyJC0gGDI3Mi8YMigYJCkyLTA0Nj85"
        + "NyFqmwC/644XdrwJlx7Y/IiDPLmx7PKMyrhxsHx5321qDJ0AAAAAIAAAAC6hKBx64UCIk5BHSB8wqdd4phYhklMwlgAAAABNq0Xofw4AAFECAADUJdnPtM52"
        + "YIRkI6G1Ws01fw4AAAAAAABIAAAA8JJua1BDV0Q=";

    private const string Dense =
        "RFdDUAMAAwAAAAABAAAAAAAAAAAAAAAAAtfzRY0fkKt/DgAAlQIAAI74JAxDVz2Z1CXZz7TOdmCEZCOhtVrNNQMAAACn2PKXAgP/HLQBIOwEB5FaVdu61nq3"
        + "3attX3ez27b9ttvtbXb75vXf9911fVmSDHgxu0+7ANAfKRicqggAlClfgCQ2k0kFB9cFPbveDed4C3mAPjuxaXkyHjYyYhCNHO2vPTGiL98hAC5KNy1YYxqd"
        + "iOEG8v+SF4rdfLxI8nQKGB5rDeiCcjUceYwbape4EU6jzH1w8WCIwcAMirX17NyaGDq1yXW6NVPKM7SmzdYCPU4Am1EvHLXEE2gIuXJJSKdeiRapm3uhiS2E"
        + "SzCMOhv3w+IlzlBg1T52Lhi5uxjWUPpEsCBL2MUASKwVHXhADY/CHPkQBUzRwUByJx/ETy0AuW3VsbZPvjHaOZA0nbGyFtODK3hwwAVD1om3RIMAuvJD2vzj"
        + "zs+bO4PTSF8U+VTQNSgjHhezkJws1CWtsfysCwbGHc9OKZc0BjtTOoPUcAt3rfPMsLyiRBQxH4qQsryawlukd0hgIGOUZzN9DJauYfP6DSKv+e6g0UiO9gqV"
        + "tmkU7wlYdimLG9DVy1w0IKAkVpyzEuDFlEDllLOD28gyzhc6gixo802AmR4O/PHEaspXahVnV2cLmbTGGoH/p7SeB2LdNtyClgftdyaihrihojcIzBrSXyO1"
        + "dE+hyRcOuxTiEqnVZo5n19RSpvd3qjWlhyS43X3ulFF/ZTbvR1Ati0mUptk8UidjiEs152JwvjxGocTww7A7C/RlpWcCbJn0BIYp1YsGHh3Nlf+5Inzcnmla"
        + "j7LvbLsE52OTjZOImHyfaoIh3ywoucoEDPOYHpqnLBHWAKZ+zWONjY4KOEhvlMuJowXK2jIQYyqP5vHxzx5L0ivDYLgPxTRbxe0Wib0FUcvHIcO4s53QHhN6"
        + "88OKWQwKIayh5uxqvgAAAAAgAAAAq+uiMnHKC8Bo0PCJqZNjAnV8kRbq4OTvAAAAADq+Hvp/DgAAlQIAANQl2c+0znZghGQjobVazTV/DgAAAAAAAEgAAADw"
        + "km5rUENXRA==";

    public static TheoryData<DwcpLevel, string> Frames =>
        new() { { DwcpLevel.Store, Store }, { DwcpLevel.Fast, Fast }, { DwcpLevel.Balanced, Balanced }, { DwcpLevel.Dense, Dense } };

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_frame_of_the_first_version_decodes_to_what_went_in(DwcpLevel level, string frame) =>
        Assert.Equal(Content(level), DwcpDecoder.Decode(Convert.FromBase64String(frame)));

    [Theory]
    [MemberData(nameof(Frames))]
    public void The_encoder_still_writes_the_same_bytes(DwcpLevel level, string frame)
    {
        var archive = new MemoryStream();
        using (var stream = new DwcpStream(archive, new DwcpEncoderOptions { Level = level, Threads = 1 }, leaveOpen: true))
        {
            stream.Write(Content(level));
        }

        Assert.Equal(frame, Convert.ToBase64String(archive.ToArray()));
    }

    private static byte[] Content(DwcpLevel level)
    {
        var text = new StringBuilder();
        for (long i = 0; i < 60; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i:d5} chunk {i * 7 % 11} of object /var/lib/dwcp/{i * 2654435761 % 65536:x} committed in {i * i % 97} ms\n");
        }

        byte[] content = Encoding.ASCII.GetBytes(text.ToString());
        return level == DwcpLevel.Store ? content[..900] : content;
    }
}
