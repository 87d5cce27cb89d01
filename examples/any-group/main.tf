# An Auto Scaling group in plain Terraform that nothing of this project made, whose new
# images and boot scripts reach the fleet by the command rollout.
#
#   go build -o ~/bin/rollout ./cmd/rollout        # in this project, once
#   terraform apply -var image_id=ami-… -var 'subnet_ids=["subnet-…", "subnet-…"]'

terraform {
  required_version = ">= 1.4" # terraform_data
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.99"
    }
  }
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "subnet_ids" {
  description = "Subnets of the instances, in two zones or more."
  type        = list(string)
}

variable "image_id" {
  description = "The image, by its id: AWS does not roll back one that is named by an SSM parameter."
  type        = string
}

variable "user_data" {
  description = "The boot script."
  type        = string
  default     = ""
}

variable "target_group_arns" {
  description = "Target groups of a load balancer, if there is one: rollout waits until new instances are healthy there."
  type        = list(string)
  default     = []
}

variable "rollout" {
  description = "The command rollout."
  type        = string
  default     = "rollout"
}

provider "aws" {
  region = var.region
}

resource "aws_launch_template" "shop" {
  name_prefix   = "shop-"
  image_id      = var.image_id
  instance_type = "t3.micro"
  user_data     = base64encode(var.user_data)

  metadata_options {
    http_tokens = "required"
  }

  # A template that another one replaces goes after the rollout: until then the group
  # launches it.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "shop" {
  name_prefix         = "shop-"
  vpc_zone_identifier = var.subnet_ids
  min_size            = 2
  max_size            = 4

  target_group_arns         = var.target_group_arns
  health_check_type         = length(var.target_group_arns) > 0 ? "ELB" : "EC2"
  health_check_grace_period = 60
  default_instance_warmup   = 60

  # A number, not $Latest: an edit of the template would reach the next scale-out
  # unproven, and AWS would refuse to roll back.
  launch_template {
    id      = aws_launch_template.shop.id
    version = aws_launch_template.shop.latest_version
  }

  # New instances serve before old ones go.
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }

  # If a rollout fails and leaves a surplus, the unproven instances go.
  termination_policies = ["NewestInstance"]

  # rollout waits for instances, and says what it waits for.
  wait_for_capacity_timeout = "0"

  # The version of the day on which the group is made. Later ones come by rollout: AWS
  # gives the group a version when all instances run it. No instance_refresh block, for
  # the same reason.
  lifecycle {
    ignore_changes = [launch_template]
  }
}

# At the first apply, at each new version, and again after one that failed: Terraform
# replaces a resource whose provisioner failed.
resource "terraform_data" "rollout" {
  triggers_replace = {
    group            = aws_autoscaling_group.shop.name
    template         = aws_launch_template.shop.id
    template_version = aws_launch_template.shop.latest_version
  }

  provisioner "local-exec" {
    command = join(" ", [
      var.rollout,
      "--region", var.region,
      "--group", aws_autoscaling_group.shop.name,
      "--template", aws_launch_template.shop.id,
      "--template-version", aws_launch_template.shop.latest_version,
      "--timeout", "30m",
    ])
  }
}

output "group" {
  value = aws_autoscaling_group.shop.name
}
