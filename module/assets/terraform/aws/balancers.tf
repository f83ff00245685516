# HTTP (session opening, health) enters by an ALB that ends TLS; data on 7420 by an NLB that does not: its TLS ends in the node.

resource "aws_lb" "http" {
  count = var.certificate_arn == "" ? 0 : 1

  name                       = substr("${local.name}-http", 0, 32)
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = aws_subnet.public[*].id
  security_groups            = [aws_security_group.load_balancer.id]
  drop_invalid_header_fields = true
}

resource "aws_lb_target_group" "http" {
  count = var.certificate_arn == "" ? 0 : 1

  name_prefix          = "dwhttp"
  port                 = local.http_node_port
  protocol             = "HTTP"
  vpc_id               = aws_vpc.this.id
  deregistration_delay = 30

  health_check {
    path                = "/health"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  count = var.certificate_arn == "" ? 0 : 1

  load_balancer_arn = aws_lb.http[0].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.http[0].arn
  }
}

resource "aws_lb" "data" {
  name                             = substr("${local.name}-data", 0, 32)
  load_balancer_type               = "network"
  internal                         = false
  subnets                          = aws_subnet.public[*].id
  security_groups                  = [aws_security_group.data_balancer.id]
  enable_cross_zone_load_balancing = true
}

resource "aws_lb_target_group" "data" {
  name_prefix          = "dwdata"
  port                 = local.data_node_port
  protocol             = "TCP_UDP"
  vpc_id               = aws_vpc.this.id
  deregistration_delay = 60

  # A session's legs reach the same machine; the nodes relay what does not.
  stickiness {
    enabled = true
    type    = "source_ip"
  }

  health_check {
    protocol            = "TCP"
    port                = local.data_node_port
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "data" {
  load_balancer_arn = aws_lb.data.arn
  port              = 7420
  protocol          = "TCP_UDP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.data.arn
  }
}
