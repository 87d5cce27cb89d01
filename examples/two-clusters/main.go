// Two clusters that share a network, a database and the alarms' topic.
package main

import (
	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/examples/app"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	app.Synthesize("two-clusters", "eu-central-1", func(stack cdktf.TerraformStack) {
		network := constructs.NewNetwork(stack, "network", constructs.NetworkProps{Name: "shop", CIDR: "10.30.0.0/16"})
		database := constructs.NewMySQL(stack, "mysql", constructs.MySQLProps{Name: "shop", Network: network, DatabaseName: "shop"})
		alerts := constructs.NewAlerts(stack, "alerts", constructs.AlertsProps{Name: "shop", Email: "ops@example.com"})

		for _, id := range []string{"web", "admin"} {
			cluster := constructs.NewWebserverCluster(stack, id, constructs.WebserverClusterProps{
				Name: "shop-" + id, Network: network, Database: database, Alerts: alerts,
				ServerText: "Hello from " + id,
			})
			app.Output(stack, id+"_url", cluster.URL)
		}
	})
}
