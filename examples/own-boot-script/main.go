// A cluster with a boot script of its own, which reads the database's secret.
package main

import (
	"fmt"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/examples/app"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

const bootScript = `#!/bin/bash
set -euo pipefail
install -d /srv/www
install -d -m 700 /etc/www
aws secretsmanager get-secret-value --secret-id %s --query SecretString --output text > /etc/www/database.json
echo ok > /srv/www/health
echo "Served by $(hostname), with the database %s" > /srv/www/index.html
cat > /etc/systemd/system/www.service <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -m http.server --directory /srv/www 8080
Restart=always
DynamicUser=yes
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --now www.service
`

func main() {
	app.Synthesize("own-boot-script", "eu-central-1", func(stack cdktf.TerraformStack) {
		network := constructs.NewNetwork(stack, "network", constructs.NetworkProps{Name: "own", CIDR: "10.31.0.0/16"})
		database := constructs.NewMySQL(stack, "mysql", constructs.MySQLProps{Name: "own", Network: network})
		cluster := constructs.NewWebserverCluster(stack, "web", constructs.WebserverClusterProps{
			Name: "own-web", Network: network, Database: database,
			UserData: fmt.Sprintf(bootScript, database.SecretARN, database.Address),
		})
		database.GrantRead(cluster)

		// What no prop offers, the resource itself does.
		cluster.LoadBalancer.SetEnableHttp2(jsii.Bool(false))
		app.Output(stack, "url", cluster.URL)
	})
}
