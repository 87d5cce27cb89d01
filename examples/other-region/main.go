// A cluster in another region, by another account's role, on Graviton, behind a name of
// its own, with logs and a dashboard.
package main

import (
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/examples/app"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	app.Synthesize("other-region", "ap-southeast-2", func(stack cdktf.TerraformStack) {
		stack.AddOverride(jsii.String("provider.aws.0.assume_role"), []map[string]string{{
			"role_arn": "arn:aws:iam::444455556666:role/deploy",
		}})
		network := constructs.NewNetwork(stack, "network", constructs.NetworkProps{
			Name: "sydney", CIDR: "10.33.0.0/16", ZoneCount: 3, NAT: constructs.NATPerZone,
		})
		cluster := constructs.NewWebserverCluster(stack, "web", constructs.WebserverClusterProps{
			Name: "sydney-web", Network: network, InstanceType: "t4g.small", MinSize: 3, PinAMI: true,
			Domain: &constructs.Domain{
				Name: "sydney.example.com", HostedZoneID: "Z0123456789ABCDEFGHIJ", AlternativeNames: []string{"*.sydney.example.com"},
			},
			LogRetentionDays: 90,
			Alarms:           constructs.ClusterAlarms{LatencyP99: 300 * time.Millisecond},
		})
		dashboard := constructs.NewDashboard(stack, "dashboard", constructs.DashboardProps{Name: "sydney", Cluster: cluster})
		app.Output(stack, "url", cluster.URL)
		app.Output(stack, "dashboard_url", dashboard.URL)
		app.Output(stack, "image_parameter", cluster.ImageParameter)
	})
}
