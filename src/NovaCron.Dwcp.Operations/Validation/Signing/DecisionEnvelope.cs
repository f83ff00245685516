using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Signing;

/// <summary>
/// A GO as a signed file for whoever lets releases into production and cannot ask the cluster: an in-toto statement about the image digests, in a DSSE
/// envelope, signed by ECDSA over NIST P-256 with SHA-256. Tools that verify DSSE attestations read it.
/// Sources: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md and https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
/// </summary>
public static class DecisionEnvelope
{
    public const string PayloadType = "application/vnd.in-toto+json";

    public const string PredicateType = "https://dwcp.novacron.io/validation/v1";

    private const string StatementType = "https://in-toto.io/Statement/v1";
    private const string Target = "signed decision";
    private const int MaximumLength = 1 << 20;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The envelope of a report's GO.</summary>
    /// <exception cref="DwcpValidationException">The report is no approved GO, or the key is no ECDSA key over P-256.</exception>
    public static string Sign(DwcpValidationReport report, string privateKeyPem)
    {
        if (report.Decision != ValidationDecision.Go || report.Approval is not { } approval)
            throw new DwcpValidationException($"report {report.Id}", $"is {report.DecisionText}, and only an approved GO is signed", "Approve it first (Approve-DwcpValidation), and give what that returns.");
        using var key = ReadKey(privateKeyPem);
        var payload = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["_type"] = StatementType,
            ["subject"] = new JsonArray([.. approval.ImageDigests.Select(d => new JsonObject
            {
                ["name"] = report.Images.FirstOrDefault(i => i.Digest == d)?.Component ?? "image",
                ["digest"] = new JsonObject { ["sha256"] = d[(d.IndexOf(':', StringComparison.Ordinal) + 1)..] },
            })]),
            ["predicateType"] = PredicateType,
            ["predicate"] = new JsonObject
            {
                ["decision"] = report.DecisionText,
                ["reason"] = report.Reason,
                ["release"] = report.Release,
                ["manifests"] = approval.ManifestHash,
                ["namespace"] = report.Namespace,
                ["profile"] = report.Profile,
                ["report"] = report.Id,
                ["validatedBy"] = report.ValidatedBy,
                ["validatedAt"] = Format(report.StartedAt),
                ["approvedBy"] = approval.ApprovedBy,
                ["approvedAt"] = Format(approval.ApprovedAt),
                ["approvalReason"] = approval.Reason,
                ["passed"] = report.Checks.Count(c => c.Status == CheckStatus.Pass),
                ["notPassed"] = new JsonArray([.. report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => (JsonNode)c.Id)]),
                ["skipped"] = new JsonArray([.. report.Checks.Where(c => c.Status == CheckStatus.Skipped).Select(c => (JsonNode)c.Id)]),
            },
        }.ToJsonString());
        byte[] signature;
        try
        {
            signature = key.SignData(Encode(payload), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException e)
        {
            throw new DwcpValidationException("the key", $"cannot sign ({e.Message})", "Give the private key, not the public one.");
        }

        return new JsonObject
        {
            ["payloadType"] = PayloadType,
            ["payload"] = Convert.ToBase64String(payload),
            ["signatures"] = new JsonArray(new JsonObject { ["keyid"] = IdOf(key), ["sig"] = Convert.ToBase64String(signature) }),
        }.ToJsonString(Indented) + "\n";
    }

    /// <summary>What an envelope says, if the key signed it.</summary>
    /// <exception cref="DwcpValidationException">It is no envelope of a decision, or the key did not sign it.</exception>
    public static SignedDecision Verify(string envelope, string publicKeyPem)
    {
        using var key = ReadKey(publicKeyPem);
        try
        {
            if (envelope.Length > MaximumLength)
                throw No("is longer than a decision can be");
            var outer = JsonNode.Parse(envelope);
            if (outer.Text("payloadType") != PayloadType)
                throw No("is no DSSE envelope of an in-toto statement");
            var payload = Convert.FromBase64String(outer.Text("payload") ?? "");
            // Nothing of the payload is read before the signature is good.
            if (!outer.Items("signatures").Any(s => key.VerifyData(Encode(payload), Convert.FromBase64String(s.Text("sig") ?? ""), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)))
                throw No($"was not signed by key {IdOf(key)[..16]}..., or was changed since");
            return Read(JsonNode.Parse(payload), IdOf(key));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw No($"cannot be read ({e.Message})");
        }
    }

    private static SignedDecision Read(JsonNode? statement, string keyId)
    {
        if (statement.Text("_type") != StatementType || statement.Text("predicateType") != PredicateType)
            throw No("is a statement about something else");
        var predicate = statement.At("predicate");
        var digests = statement.Items("subject").Select(s => $"sha256:{s.Text("digest", "sha256")}").ToList();
        return new SignedDecision
        {
            Release = Text("release"),
            Decision = Text("decision"),
            Reason = Text("reason"),
            Report = Text("report"),
            Profile = Text("profile"),
            Namespace = Text("namespace"),
            ValidatedAt = Moment("validatedAt"),
            ValidatedBy = Text("validatedBy"),
            ApprovedBy = Text("approvedBy"),
            ApprovedAt = Moment("approvedAt"),
            ManifestHash = Text("manifests"),
            ImageDigests = digests.Count > 0 ? digests : throw No("names no image"),
            KeyId = keyId,
        };

        string Text(string name) => predicate.Text(name) ?? throw No($"lacks {name}");
        DateTimeOffset Moment(string name) => predicate.Moment(name) ?? throw No($"lacks {name}");
    }

    /// <summary>DSSE's pre-authentication encoding: type and payload with their lengths, so that neither can pass for a part of the other.</summary>
    private static byte[] Encode(byte[] payload) =>
        [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {PayloadType.Length} {PayloadType} {payload.Length} ")), .. payload];

    private static ECDsa ReadKey(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.KeySize == 256 ? key : throw Unusable($"has {key.KeySize} bits");
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw Unusable($"cannot be read ({e.Message})");
        }

        static DwcpValidationException Unusable(string why) => new("the key", why,
            "Give a key over NIST P-256 as an unencrypted PEM: openssl ecparam -name prime256v1 -genkey -noout -out key.pem; openssl ec -in key.pem -pubout -out key.pub.");
    }

    private static string IdOf(ECDsa key) => Convert.ToHexString(SHA256.HashData(key.ExportSubjectPublicKeyInfo())).ToLowerInvariant();

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static DwcpValidationException No(string what) => new(Target, what, "Give the file that Export-DwcpValidation wrote, and the public key of who signed it.");
}
