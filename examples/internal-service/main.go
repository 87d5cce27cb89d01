// A cluster that serves the world, and behind it one that serves only the first.
package main

import (
	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/examples/app"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	app.Synthesize("internal-service", "eu-central-1", func(stack cdktf.TerraformStack) {
		network := constructs.NewNetwork(stack, "network", constructs.NetworkProps{Name: "tiers", CIDR: "10.32.0.0/16"})
		web := constructs.NewWebserverCluster(stack, "web", constructs.WebserverClusterProps{Name: "tiers-web", Network: network})
		prices := constructs.NewWebserverCluster(stack, "prices", constructs.WebserverClusterProps{
			Name: "tiers-prices", Network: network, Internal: true, ServerText: "42",
		})
		prices.AllowFrom("web", web.InstanceSecurityGroupID)
		app.Output(stack, "url", web.URL)
		app.Output(stack, "prices_url", prices.URL)
	})
}
