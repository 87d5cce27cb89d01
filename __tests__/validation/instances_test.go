package validation_test

import (
	"fmt"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// TestInstances has types, images and volumes.
func TestInstances(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.InstanceType = "large" }, `stage.Cluster.InstanceType: "large": must be an EC2 instance type such as t3.micro`},
		{func(p *clusterProps) { p.InstanceType = "t3.mciro" }, `stage.Cluster.InstanceType: "t3.mciro": is no EC2 instance type that the AWS SDK knows (did you mean t3.micro?); AllowUnknownInstanceType lets a newer one pass`},
		{func(p *clusterProps) { p.InstanceType = "t3micro" }, `stage.Cluster.InstanceType: "t3micro": must be an EC2 instance type such as t3.micro (did you mean t3.micro?)`},
		{func(p *clusterProps) { p.InstanceType = "T3.micro" }, `stage.Cluster.InstanceType: "T3.micro": must be an EC2 instance type such as t3.micro (did you mean t3.micro?)`},
		{func(p *clusterProps) { p.InstanceType = "t3.micro " }, `stage.Cluster.InstanceType: "t3.micro ": must be an EC2 instance type such as t3.micro (did you mean t3.micro?)`},
		{func(p *clusterProps) { p.InstanceType = "db.t3.micro" }, `stage.Cluster.InstanceType: "db.t3.micro": must be an EC2 instance type such as t3.micro (did you mean t3.micro?)`},
		{func(p *clusterProps) { p.InstanceType = "t3.16xlarge" }, `stage.Cluster.InstanceType: "t3.16xlarge": is no EC2 instance type that the AWS SDK knows; AllowUnknownInstanceType lets a newer one pass`},
		{func(p *clusterProps) { p.InstanceType = "t9.nano" }, `stage.Cluster.InstanceType: "t9.nano": is no EC2 instance type that the AWS SDK knows; AllowUnknownInstanceType lets a newer one pass`},
		{func(p *clusterProps) { p.InstanceType = "z9z.metal-96xl" }, `stage.Cluster.InstanceType: "z9z.metal-96xl": is no EC2 instance type that the AWS SDK knows; AllowUnknownInstanceType lets a newer one pass`},
		{func(p *clusterProps) { p.InstanceType, p.AllowUnknownInstanceType = "t9", true }, `stage.Cluster.InstanceType: "t9": must be an EC2 instance type such as t3.micro`},
		{func(p *clusterProps) { p.InstanceType, p.AllowUnknownInstanceType = "T9.nano", true }, `stage.Cluster.InstanceType: "T9.nano": must be an EC2 instance type such as t3.micro`},
		{func(p *clusterProps) { p.InstanceType = "${var.type}" }, `stage.Cluster.InstanceType: "${var.type}": is a reference, whose architecture is not known yet: give AMI or AMIParameter, too`},
		{func(p *clusterProps) { p.InstanceType, p.AMIParameter, p.PinAMI = "${var.type}", "/image", true }, `stage.Cluster.InstanceType: "${var.type}": is a reference, whose architecture is not known yet; PinAMI pins an image for each architecture: give AMI in its place`},
		{func(p *clusterProps) { p.AMI = "ubuntu" }, `stage.Cluster.AMI: "ubuntu": must be an id: ami- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { p.AMI = "ami-012345" }, `stage.Cluster.AMI: "ami-012345": must be an id: ami- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { p.AMI = "ami-0123456789ABCDEF0" }, `stage.Cluster.AMI: "ami-0123456789ABCDEF0": must be an id: ami- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { p.AMI = "ami-012345678" }, `stage.Cluster.AMI: "ami-012345678": must be an id: ami- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { p.AMI, p.AMIParameter, p.PinAMI = "ami-01234567", "/image", true }, "stage.Cluster.AMIParameter: \"/image\": contradicts AMI (ami-01234567): give one of the two\nstage.Cluster.PinAMI: true: is for AMIParameter; AMI (ami-01234567) pins the image already"},
		{func(p *clusterProps) { p.AMIParameter = "my image" }, `stage.Cluster.AMIParameter: "my image": must be the name of an SSM parameter, such as /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`},
		{func(p *clusterProps) { p.AMIParameter = "/image/" }, `stage.Cluster.AMIParameter: "/image/": must be the name of an SSM parameter, such as /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`},
		{func(p *clusterProps) { p.AMIParameter = "/image:newest" }, `stage.Cluster.AMIParameter: "/image:newest": must be the name of an SSM parameter, such as /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`},
		{func(p *clusterProps) { p.AMIParameter = "//image" }, `stage.Cluster.AMIParameter: "//image": must be the name of an SSM parameter, such as /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`},
		{func(p *clusterProps) { p.AMIParameter = "/images/arm64" }, `stage.Cluster.AMIParameter: "/images/arm64": is of images for arm64, and t3.micro runs x86_64`},
		{func(p *clusterProps) { p.InstanceType, p.AMIParameter = "t4g.small", "/images/x86_64" }, `stage.Cluster.AMIParameter: "/images/x86_64": is of images for x86_64, and t4g.small runs arm64`},
		{func(p *clusterProps) { p.RootDeviceName = "xvda" }, `stage.Cluster.RootDeviceName: "xvda": must be a device such as /dev/xvda or /dev/sda1`},
		{func(p *clusterProps) { p.RootDeviceName = "/dev/XVDA" }, `stage.Cluster.RootDeviceName: "/dev/XVDA": must be a device such as /dev/xvda or /dev/sda1`},
		{func(p *clusterProps) { p.RootDeviceName = "/dev/sda1;" }, `stage.Cluster.RootDeviceName: "/dev/sda1;": must be a device such as /dev/xvda or /dev/sda1`},
		{func(p *clusterProps) { p.RootVolumeGiB = 4 }, `stage.Cluster.RootVolumeGiB: 4: must be 8 (Amazon Linux 2023's own size) to 65536 (gp3's limit)`},
		{func(p *clusterProps) { p.RootVolumeGiB = -8 }, `stage.Cluster.RootVolumeGiB: -8: must be 8 (Amazon Linux 2023's own size) to 65536 (gp3's limit)`},
		{func(p *clusterProps) { p.RootVolumeGiB = 65537 }, `stage.Cluster.RootVolumeGiB: 65537: must be 8 (Amazon Linux 2023's own size) to 65536 (gp3's limit)`},
	})
}

// TestInstancesValid has odd values that must pass.
func TestInstancesValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.InstanceType = "t4g.nano" }, ""},
		{func(p *clusterProps) { p.InstanceType = "u7in-32tb.224xlarge" }, ""},
		{func(p *clusterProps) { p.InstanceType = "m7i-flex.large" }, ""},
		{func(p *clusterProps) { p.InstanceType = "c7gn.metal" }, ""},
		{func(p *clusterProps) { p.InstanceType, p.AllowUnknownInstanceType = "t9.nano", true }, ""},
		{func(p *clusterProps) { p.InstanceType, p.AMIParameter = "${var.type}", "/image" }, ""},
		{func(p *clusterProps) { p.InstanceType, p.AMI = "${var.type}", "${var.image}" }, ""},
		{func(p *clusterProps) { p.AMI = "ami-0123456789abcdef0" }, ""},
		{func(p *clusterProps) { p.AMIParameter = "image" }, ""},
		{func(p *clusterProps) { p.AMIParameter = "/team/image:3" }, ""},
		{func(p *clusterProps) { p.AMIParameter = "arn:aws:ssm:eu-central-1:111122223333:parameter/team/image" }, ""},
		{func(p *clusterProps) { p.AMIParameter = "${aws_ssm_parameter.x.name}" }, ""},
		{func(p *clusterProps) { p.PinAMI = true }, ""},
		{func(p *clusterProps) { p.RootDeviceName = "/dev/sda1" }, ""},
		{func(p *clusterProps) { p.RootVolumeGiB = 65536 }, ""},
	})
}

// TestInstanceTypes has several types, and Spot Instances.
func TestInstanceTypes(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("${var.type_%d}", i)
	}
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.InstanceTypes = []string{"t3a.micro", "t3a.mciro", "small"} }, "stage.Cluster.InstanceTypes[1]: \"t3a.mciro\": is no EC2 instance type that the AWS SDK knows (did you mean t3a.micro?); AllowUnknownInstanceType lets a newer one pass\nstage.Cluster.InstanceTypes[2]: \"small\": must be an EC2 instance type such as t3.micro"},
		{func(p *clusterProps) { p.InstanceTypes = []string{"t4g.micro"} }, `stage.Cluster.InstanceTypes[0]: "t4g.micro": runs arm64, and InstanceType (t3.micro) runs x86_64: all instances have one image`},
		{func(p *clusterProps) { p.InstanceTypes = []string{"t3.micro"} }, `stage.Cluster.InstanceTypes[0]: "t3.micro": is there already: each type once, InstanceType included`},
		{func(p *clusterProps) { p.InstanceTypes = []string{"t3a.micro", "t3a.micro"} }, `stage.Cluster.InstanceTypes[1]: "t3a.micro": is there already: each type once, InstanceType included`},
		{func(p *clusterProps) { p.InstanceTypes = many }, `stage.Cluster.InstanceTypes: 41: is their number together with InstanceType; an Auto Scaling group takes 40`},
		{func(p *clusterProps) {
			p.Spot = &constructs.Spot{OnDemandBase: -1, OnDemandPercentage: 101, AllocationStrategy: "cheapest"}
		}, `stage.Cluster.Spot.OnDemandBase: -1: must be 0 or more
stage.Cluster.Spot.OnDemandPercentage: 101: must be 0 to 100
stage.Cluster.Spot.AllocationStrategy: "cheapest": must be one of ["price-capacity-optimized" "capacity-optimized" "capacity-optimized-prioritized" "lowest-price"]`},
		{func(p *clusterProps) { p.Spot = &constructs.Spot{OnDemandPercentage: -1} }, `stage.Cluster.Spot.OnDemandPercentage: -1: must be 0 to 100`},

		{func(p *clusterProps) { p.InstanceTypes = many[:39] }, ""},
		{func(p *clusterProps) { p.InstanceTypes = []string{} }, ""},
		{func(p *clusterProps) {
			p.InstanceType, p.AMI, p.InstanceTypes = "${var.type}", "${var.image}", []string{"t4g.micro", "t3.micro"}
		}, ""},
		{func(p *clusterProps) { p.AllowUnknownInstanceType, p.InstanceTypes = true, []string{"t9.nano"} }, ""},
		{func(p *clusterProps) { p.Spot = &constructs.Spot{} }, ""},
		{func(p *clusterProps) {
			p.Spot = &constructs.Spot{OnDemandBase: 100, OnDemandPercentage: 100, AllocationStrategy: "lowest-price"}
		}, ""},
	})
}
