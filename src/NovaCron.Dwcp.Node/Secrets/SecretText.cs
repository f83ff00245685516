namespace NovaCron.Dwcp.Node.Secrets;

/// <summary>Reads small secret files with errors that name the file and the remedy, never the content.</summary>
internal static class SecretText
{
    /// <summary>Largest file that is read, in bytes: the limit of a Kubernetes Secret.</summary>
    private const int MaximumBytes = 1 << 20;

    /// <exception cref="DwcpNodeException">The file is missing, unreadable, too large or empty.</exception>
    public static string Read(string file)
    {
        try
        {
            var information = new FileInfo(file);
            if (!information.Exists)
                throw new DwcpNodeException($"The secret file {file} is missing. Mount Secret dwcp-v3-secrets with all its keys (New-DwcpStaging creates it).");
            var text = File.ReadAllText(file);
            if (text.Length > MaximumBytes) throw new DwcpNodeException($"The secret file {file} is larger than {MaximumBytes} bytes. It is not what was expected there.");
            text = text.Trim();
            return text.Length > 0 ? text : throw new DwcpNodeException($"The secret file {file} is empty. Create Secret dwcp-v3-secrets again (New-DwcpStaging does).");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DwcpNodeException($"The secret file {file} cannot be read: {error.Message} Check the mount and its permissions (fsGroup, defaultMode).", error);
        }
    }
}
