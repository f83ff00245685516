using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Writes a kubeconfig.</summary>
internal static class KubeconfigDocument
{
    /// <param name="cluster">Name of the cluster.</param>
    /// <param name="server">Its address.</param>
    /// <param name="authorityPem">Its certificate authority.</param>
    /// <param name="users">Context name, user name and token; the first context is the current one.</param>
    public static string Write(string cluster, Uri server, string authorityPem, IReadOnlyList<(string Context, string User, string Token)> users)
    {
        var yaml = new StringBuilder();
        yaml.Append("apiVersion: v1\nkind: Config\nclusters:\n- name: ").Append(cluster).Append("\n  cluster:\n    server: ")
            .Append(server.GetLeftPart(UriPartial.Authority)).Append("\n    certificate-authority-data: ")
            .Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(authorityPem))).Append("\ncontexts:\n");
        foreach (var (context, user, _) in users)
        {
            yaml.Append("- name: ").Append(context).Append("\n  context:\n    cluster: ").Append(cluster).Append("\n    user: ").Append(user).Append('\n');
        }
        yaml.Append("current-context: ").Append(users[0].Context).Append("\nusers:\n");
        foreach (var (_, user, token) in users)
        {
            yaml.Append("- name: ").Append(user).Append("\n  user:\n    token: ").Append(token).Append('\n');
        }
        return yaml.ToString();
    }
}
