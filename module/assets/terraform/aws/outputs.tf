output "region" {
  description = "Where everything is."
  value       = var.region
}

output "account" {
  description = "AWS account."
  value       = data.aws_caller_identity.current.account_id
}

output "cluster_name" {
  description = "EKS cluster, for -EksCluster."
  value       = local.cluster_name
}

output "cluster_endpoint" {
  description = "Address of the Kubernetes API."
  value       = local.cluster_endpoint
}

output "store_file_system_id" {
  description = "EFS file system behind the claim dwcp-v3-store."
  value       = aws_efs_file_system.store.id
}

output "data_address" {
  description = "Where clients send data: host:7420."
  value       = "${aws_lb.data.dns_name}:7420"
}

output "http_address" {
  description = "HTTPS entry; empty without a certificate."
  value       = one(aws_lb.http[*].dns_name) == null ? "" : "https://${one(aws_lb.http[*].dns_name)}"
}

output "artifact_bucket" {
  description = "Bucket for reports and manifests."
  value       = aws_s3_bucket.artifacts.bucket
}

output "http_node_port" {
  description = "NodePort of HTTP that the balancers expect."
  value       = local.http_node_port
}

output "data_node_port" {
  description = "NodePort of data that the balancers expect."
  value       = local.data_node_port
}
