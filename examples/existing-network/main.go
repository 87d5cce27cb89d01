// A cluster in a VPC that somebody else made, beside a database that exists already.
package main

import (
	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/examples/app"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	app.Synthesize("existing-network", "eu-central-1", func(stack cdktf.TerraformStack) {
		network := &constructs.Network{
			VPCID:            "vpc-0123456789abcdef0",
			PublicSubnetIDs:  []string{"subnet-0000000000000000a", "subnet-0000000000000000b"},
			PrivateSubnetIDs: []string{"subnet-0000000000000001a", "subnet-0000000000000001b"},
		}
		database := &constructs.MySQL{
			Address:         "legacy.abcdefghijkl.eu-central-1.rds.amazonaws.com",
			Port:            3306,
			DatabaseName:    "app",
			SecretARN:       "arn:aws:secretsmanager:eu-central-1:111122223333:secret:legacy-AbCdEf",
			SecurityGroupID: "sg-0123456789abcdef0",
		}
		cluster := constructs.NewWebserverCluster(stack, "web", constructs.WebserverClusterProps{
			Name: "web", Network: network, Database: database,
			Alerts: &constructs.Alerts{TopicARN: "arn:aws:sns:eu-central-1:111122223333:ops"},
			Tags:   map[string]string{"CostCenter": "42"},
		})
		app.Output(stack, "url", cluster.URL)
	})
}
