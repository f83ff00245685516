using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Signing;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class DecisionEnvelopeTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-sign-").FullName;

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_directory, true);
    }

    [Fact]
    public async Task A_GO_is_signed_verified_and_bound_to_its_images_and_manifests()
    {
        var report = await GoAsync();
        var signed = DecisionEnvelope.Verify(DecisionEnvelope.Sign(report, _key.ExportPkcs8PrivateKeyPem()), _key.ExportSubjectPublicKeyInfoPem());
        Assert.Equal((report.Release, "GO", report.ManifestHash, report.Id), (signed.Release, signed.Decision, signed.ManifestHash, signed.Report));
        Assert.Equal(report.Approval!.ImageDigests, signed.ImageDigests);
    }

    /// <summary>An implementation that is not ours agrees, over the encoding that the specification gives.</summary>
    [Fact]
    public async Task OpenSSL_verifies_the_signature()
    {
        var envelope = JsonNode.Parse(DecisionEnvelope.Sign(await GoAsync(), _key.ExportECPrivateKeyPem()))!;
        var payload = Convert.FromBase64String(envelope["payload"]!.ToString());
        var type = envelope["payloadType"]!.ToString();
        await File.WriteAllBytesAsync(Path.Combine(_directory, "message"), [.. Encoding.ASCII.GetBytes($"DSSEv1 {type.Length} {type} {payload.Length} "), .. payload], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(_directory, "sig"), Convert.FromBase64String(envelope["signatures"]![0]!["sig"]!.ToString()), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_directory, "pub"), _key.ExportSubjectPublicKeyInfoPem(), TestContext.Current.CancellationToken);
        Process? openssl = null;
        try
        {
            openssl = Process.Start(new ProcessStartInfo("openssl", ["dgst", "-sha256", "-verify", "pub", "-signature", "sig", "message"]) { WorkingDirectory = _directory, RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("openssl is not installed: the signature is NOT verified by another implementation here");
        }

        Assert.Contains("Verified OK", await openssl!.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_no_approved_GO_is_not_signed()
    {
        using var rig = await ValidationRig.StartAsync();
        var review = await rig.RunAsync();
        Assert.Contains("only an approved GO", Assert.Throws<DwcpValidationException>(() => DecisionEnvelope.Sign(review, _key.ExportPkcs8PrivateKeyPem())).Message);
    }

    [Fact]
    public async Task A_foreign_key_a_changed_byte_and_garbage_are_refused()
    {
        var report = await GoAsync();
        var envelope = DecisionEnvelope.Sign(report, _key.ExportPkcs8PrivateKeyPem());
        var pem = _key.ExportSubjectPublicKeyInfoPem();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("was not signed by", Assert.Throws<DwcpValidationException>(() => DecisionEnvelope.Verify(envelope, other.ExportSubjectPublicKeyInfoPem())).Message);
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Contains("P-256", Assert.Throws<DwcpValidationException>(() => DecisionEnvelope.Sign(report, large.ExportPkcs8PrivateKeyPem())).Message);
        Assert.Throws<DwcpValidationException>(() => DecisionEnvelope.Sign(report, pem));
        Assert.Throws<DwcpValidationException>(() => DecisionEnvelope.Verify(envelope, "no key"));
        // Any character of payload or signature.
        Gen.Select(Gen.Int[0, envelope.Length - 1], Gen.Char[' ', '~']).Sample((at, c) =>
        {
            var changed = envelope[..at] + c + envelope[(at + 1)..];
            try
            {
                // What still verifies says the same: keyid and white space are not signed.
                Assert.Equal(report.Id, DecisionEnvelope.Verify(changed, pem).Report);
            }
            catch (DwcpValidationException)
            {
                // Refused.
            }
        }, iter: 500);
    }

    private static async Task<DwcpValidationReport> GoAsync()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var report = await rig.RunAsync();
        Assert.Equal(ValidationDecision.Go, report.Decision);
        return report;
    }
}
