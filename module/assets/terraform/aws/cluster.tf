locals {
  creates_cluster = var.existing_cluster_name == ""
  cluster_name    = local.creates_cluster ? local.name : var.existing_cluster_name

  cluster_endpoint          = local.creates_cluster ? aws_eks_cluster.this[0].endpoint : data.aws_eks_cluster.existing[0].endpoint
  cluster_authority         = local.creates_cluster ? aws_eks_cluster.this[0].certificate_authority[0].data : data.aws_eks_cluster.existing[0].certificate_authority[0].data
  cluster_security_group_id = local.creates_cluster ? aws_eks_cluster.this[0].vpc_config[0].cluster_security_group_id : data.aws_eks_cluster.existing[0].vpc_config[0].cluster_security_group_id
  cluster_service_cidr      = local.creates_cluster ? aws_eks_cluster.this[0].kubernetes_network_config[0].service_ipv4_cidr : data.aws_eks_cluster.existing[0].kubernetes_network_config[0].service_ipv4_cidr
  cluster_version           = local.creates_cluster ? aws_eks_cluster.this[0].version : data.aws_eks_cluster.existing[0].version

  # The Service dwcp-v3 of type NodePort listens here on every machine (service.httpNodePort, service.dataNodePort in the values).
  http_node_port = 30080
  data_node_port = 30742
}

data "aws_eks_cluster" "existing" {
  count = local.creates_cluster ? 0 : 1

  name = var.existing_cluster_name
}

resource "aws_kms_key" "cluster" {
  count = local.creates_cluster ? 1 : 0

  description             = "Secrets of ${local.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_eks_cluster" "this" {
  count = local.creates_cluster ? 1 : 0

  name                      = local.name
  version                   = var.kubernetes_version
  role_arn                  = aws_iam_role.cluster[0].arn
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.cluster[0].arn
    }
  }

  vpc_config {
    subnet_ids              = aws_subnet.private[*].id
    endpoint_private_access = true
    endpoint_public_access  = length(var.api_cidrs) > 0
    public_access_cidrs     = length(var.api_cidrs) > 0 ? var.api_cidrs : null
  }

  # The log group first, or EKS makes one that keeps everything for ever.
  depends_on = [aws_cloudwatch_log_group.cluster, aws_iam_role_policy_attachment.cluster]
}

resource "aws_eks_addon" "this" {
  for_each = local.creates_cluster ? toset(["vpc-cni", "coredns", "kube-proxy", "aws-efs-csi-driver", "metrics-server"]) : toset([])

  cluster_name = aws_eks_cluster.this[0].name
  addon_name   = each.value
  # A new cluster comes with plain copies of the first three, which the add-on takes over.
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  service_account_role_arn    = each.value == "aws-efs-csi-driver" ? aws_iam_role.efs_driver[0].arn : null

  # NetworkPolicies are enforced by the CNI only when told to.
  configuration_values = each.value == "vpc-cni" ? jsonencode({ enableNetworkPolicy = "true" }) : null

  depends_on = [aws_autoscaling_group.machines]
}

resource "aws_eks_access_entry" "machines" {
  cluster_name  = local.cluster_name
  principal_arn = aws_iam_role.machines.arn
  type          = "EC2_LINUX"

  depends_on = [aws_eks_cluster.this]
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/eks/optimized-ami/${local.cluster_version}/amazon-linux-2023/x86_64/standard/recommended/image_id"
}

resource "aws_launch_template" "machines" {
  name_prefix            = "${local.name}-"
  image_id               = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type          = var.instance_type
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.machines.id]

  # No key pair: people come through SSM, and are logged.
  iam_instance_profile {
    arn = aws_iam_instance_profile.machines.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.volume_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  user_data = base64encode(templatefile("${path.module}/machine.yaml.tftpl", {
    name         = local.cluster_name
    endpoint     = local.cluster_endpoint
    authority    = local.cluster_authority
    service_cidr = local.cluster_service_cidr
  }))

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = local.name }
  }

  tag_specifications {
    resource_type = "volume"
    tags          = { Name = local.name }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "machines" {
  name                      = local.name
  min_size                  = var.machines.minimum
  desired_capacity          = var.machines.desired
  max_size                  = var.machines.maximum
  vpc_zone_identifier       = aws_subnet.private[*].id
  health_check_type         = "EC2"
  health_check_grace_period = 180
  target_group_arns         = concat([aws_lb_target_group.data.arn], aws_lb_target_group.http[*].arn)

  launch_template {
    id      = aws_launch_template.machines.id
    version = aws_launch_template.machines.latest_version
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 66
    }
  }

  tag {
    key                 = "Name"
    value               = local.name
    propagate_at_launch = true
  }

  tag {
    key                 = "kubernetes.io/cluster/${local.cluster_name}"
    value               = "owned"
    propagate_at_launch = true
  }

  lifecycle {
    # The autoscaler owns it after the first apply.
    ignore_changes = [desired_capacity]
  }

  depends_on = [aws_eks_access_entry.machines, aws_iam_role_policy_attachment.machines]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "${local.name}-cpu"
  autoscaling_group_name = aws_autoscaling_group.machines.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 65

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
