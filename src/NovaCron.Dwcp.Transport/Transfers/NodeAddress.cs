namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>A node and an object on it: <c>dwcp://host[:port]/path</c>.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">1..65535.</param>
/// <param name="Path">The object's path; the root when the address names none.</param>
public sealed record NodeAddress(string Host, int Port, RelativePath Path)
{
    /// <summary>Reads an address.</summary>
    /// <exception cref="DwcpTransferException">It is no <c>dwcp://</c> address, or carries a credential, query or fragment; code <see cref="DwcpErrorCode.InvalidRequest"/>.</exception>
    public static NodeAddress From(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme != "dwcp" || address.Host.Length == 0) throw Invalid(address.OriginalString, "it is not of the form dwcp://host[:port]/path");
        if (address.UserInfo.Length > 0) throw Invalid("(not shown)", "it carries a credential; give the API key apart, so that it does not end in logs");
        if (address.Query.Length > 0 || address.Fragment.Length > 0) throw Invalid(address.OriginalString, "a ? or # in the path must be written as %3F or %23");
        var text = Uri.UnescapeDataString(address.AbsolutePath).TrimStart('/');
        return new NodeAddress(address.IdnHost, address.Port > 0 ? address.Port : TransferRequest.DefaultPort, RelativePath.Parse(text.TrimEnd('/')));
    }

    private static DwcpTransferException Invalid(string address, string why) => new(DwcpErrorCode.InvalidRequest, DwcpFault.Client, $"The address {address} cannot be used: {why}.");
}
