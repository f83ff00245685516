namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A client without a valid key moves no data.</summary>
internal sealed class WrongKeyCheck() : RefusedCredentialCheck(
    "security-wrong-key", "A session with a wrong API key is refused, in v1 and v3", "with a wrong key", key => "wrong-" + key[..8]);
