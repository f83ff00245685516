using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace NovaCron.Dwcp.Aws;

/// <summary>Puts reports and manifests into the artifact bucket. Each object's body is signed, so that what arrives is what was read.</summary>
public sealed class ArtifactBucket : IDisposable
{
    /// <summary>Bytes of a file; reports and manifests have a few hundred kilobytes. S3 itself takes 5 GiB in one piece.</summary>
    private const long MaximumSize = 256L << 20;

    private readonly AmazonS3Client _client;
    private readonly string _bucket;

    /// <param name="session">Credentials and region.</param>
    /// <param name="bucket">Name of the bucket.</param>
    /// <param name="endpoint">Another S3 than AWS's, addressed by path; AWS's when null.</param>
    public ArtifactBucket(AwsSession session, string bucket, Uri? endpoint = null)
    {
        _bucket = bucket;
        var configuration = new AmazonS3Config
        {
            Timeout = TimeSpan.FromSeconds(100),
            MaxErrorRetry = 4,
            // The signature covers the body; a checksum on top would send it as a trailer that not every S3 understands.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (endpoint is null)
        {
            configuration.RegionEndpoint = session.Endpoint;
        }
        else
        {
            configuration.ServiceURL = endpoint.ToString();
            configuration.AuthenticationRegion = session.Region;
            configuration.ForcePathStyle = true;
        }

        _client = new AmazonS3Client(session.Credentials, configuration);
    }

    /// <summary>Uploads one file.</summary>
    /// <param name="key">Name in the bucket, for example <c>deployments/staging/20260301-101500/report.html</c>.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the upload; nothing of it is kept.</param>
    /// <exception cref="DwcpAwsException">The bucket did not take it; says why.</exception>
    public async Task<DwcpArtifact> UploadAsync(string key, string path, CancellationToken cancellationToken = default)
    {
        var target = $"s3://{_bucket}/{key}";
        var size = new FileInfo(path).Length;
        if (size > MaximumSize)
            throw new DwcpAwsException(path, $"has {size} bytes, at most {MaximumSize} are uploaded", "Upload it by other means.");
        try
        {
            await using var stream = File.OpenRead(path);
            var answer = await _client.PutObjectAsync(new PutObjectRequest
            {
                BucketName = _bucket,
                Key = key,
                InputStream = stream,
                AutoCloseStream = false,
                UseChunkEncoding = false,
                ContentType = ContentTypeOf(path),
            }, cancellationToken).ConfigureAwait(false);
            return new DwcpArtifact { Path = path, Uri = target, Size = size, ETag = answer.ETag?.Trim('"'), VersionId = answer.VersionId };
        }
        catch (AmazonS3Exception e)
        {
            throw new DwcpAwsException(target, $"{e.ErrorCode}: {e.Message}", e.ErrorCode switch
            {
                "NoSuchBucket" => "Check the bucket's name and region (terraform output artifact_bucket).",
                "AccessDenied" => "Ask for the permission s3:PutObject (and kms:GenerateDataKey) on the bucket.",
                "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" => "Log in again, or name another profile (-ProfileName).",
                "PermanentRedirect" or "AuthorizationHeaderMalformed" => "The bucket is in another region: name that (-Region).",
                _ => "Run it again; if it lasts, look at the AWS status page.",
            }, e);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new DwcpAwsException(target, $"cannot be reached: {(e.InnerException ?? e).Message}", "Check the network and the region.", e);
        }
    }

    public void Dispose() => _client.Dispose();

    private static string ContentTypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".json" or ".sarif" => "application/json",
        ".jsonl" => "application/jsonl",
        ".html" => "text/html; charset=utf-8",
        ".md" => "text/markdown; charset=utf-8",
        ".yaml" or ".yml" => "application/yaml",
        ".xml" => "application/xml",
        ".csv" => "text/csv; charset=utf-8",
        ".txt" or ".log" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
}
