# Who may talk to whom. Rules stand alone, so that one can be changed without touching the others.

resource "aws_security_group" "load_balancer" {
  name_prefix = "${local.name}-alb-"
  description = "HTTPS entry of DWCP v3"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.name}-alb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "data_balancer" {
  name_prefix = "${local.name}-nlb-"
  description = "Data entry of DWCP v3"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.name}-nlb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "machines" {
  name_prefix = "${local.name}-machines-"
  description = "Machines that run the pods"
  vpc_id      = aws_vpc.this.id

  tags = {
    Name                                          = "${local.name}-machines"
    "kubernetes.io/cluster/${local.cluster_name}" = "owned"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "store" {
  name_prefix = "${local.name}-efs-"
  description = "The shared store"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.name}-efs" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.load_balancer.id
  description       = "Clients open sessions"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "https_to_nodes" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "To the nodes' HTTP port and its health"
  referenced_security_group_id = aws_security_group.machines.id
  ip_protocol                  = "tcp"
  from_port                    = local.http_node_port
  to_port                      = local.http_node_port
}

resource "aws_vpc_security_group_ingress_rule" "data" {
  for_each = { for pair in setproduct(var.client_cidrs, ["tcp", "udp"]) : "${pair[0]}-${pair[1]}" => pair }

  security_group_id = aws_security_group.data_balancer.id
  description       = "Clients' data"
  cidr_ipv4         = each.value[0]
  ip_protocol       = each.value[1]
  from_port         = 7420
  to_port           = 7420
}

resource "aws_vpc_security_group_egress_rule" "data_to_nodes" {
  for_each = toset(["tcp", "udp"])

  security_group_id            = aws_security_group.data_balancer.id
  description                  = "To the nodes' data port and its health"
  referenced_security_group_id = aws_security_group.machines.id
  ip_protocol                  = each.value
  from_port                    = local.data_node_port
  to_port                      = local.data_node_port
}

resource "aws_vpc_security_group_ingress_rule" "http_at_nodes" {
  security_group_id            = aws_security_group.machines.id
  description                  = "From the HTTPS entry"
  referenced_security_group_id = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = local.http_node_port
  to_port                      = local.http_node_port
}

resource "aws_vpc_security_group_ingress_rule" "data_at_nodes" {
  for_each = toset(["tcp", "udp"])

  security_group_id            = aws_security_group.machines.id
  description                  = "From the data entry"
  referenced_security_group_id = aws_security_group.data_balancer.id
  ip_protocol                  = each.value
  from_port                    = local.data_node_port
  to_port                      = local.data_node_port
}

# The NLB keeps clients' addresses for UDP.
resource "aws_vpc_security_group_ingress_rule" "datagrams_at_nodes" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.machines.id
  description       = "Datagrams keep their source address"
  cidr_ipv4         = each.value
  ip_protocol       = "udp"
  from_port         = local.data_node_port
  to_port           = local.data_node_port
}

resource "aws_vpc_security_group_ingress_rule" "among_machines" {
  security_group_id            = aws_security_group.machines.id
  description                  = "Pods reach each other; NetworkPolicies decide which"
  referenced_security_group_id = aws_security_group.machines.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "from_control_plane" {
  for_each = toset(["443", "1025-65535"])

  security_group_id            = aws_security_group.machines.id
  description                  = "Control plane to kubelet, webhooks and pods"
  referenced_security_group_id = local.cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = tonumber(split("-", each.value)[0])
  to_port                      = tonumber(reverse(split("-", each.value))[0])
}

resource "aws_vpc_security_group_ingress_rule" "to_control_plane" {
  security_group_id            = local.cluster_security_group_id
  description                  = "Machines and pods to the Kubernetes API"
  referenced_security_group_id = aws_security_group.machines.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "machines" {
  security_group_id = aws_security_group.machines.id
  description       = "Images, AWS APIs, DNS; pods are held by NetworkPolicies"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "store" {
  security_group_id            = aws_security_group.store.id
  description                  = "NFS from the machines"
  referenced_security_group_id = aws_security_group.machines.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}
