package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

type clusterProps = constructs.WebserverClusterProps

// TestScaling has sizes and targets.
func TestScaling(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.MinSize = 1 }, `stage.Cluster.MinSize: 1: must be 2 or more: one instance cannot survive the loss of its zone`},
		{func(p *clusterProps) { p.MinSize = -1 }, `stage.Cluster.MinSize: -1: must be 2 or more: one instance cannot survive the loss of its zone`},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 5, 4 }, `stage.Cluster.MinSize: 5: must not be above MaxSize (4)`},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 0, 1 }, `stage.Cluster.MaxSize: 1: must not be below MinSize (2)`},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 0, -3 }, `stage.Cluster.MaxSize: -3: must not be below MinSize (2)`},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 1, 4 }, `stage.Cluster.MinSize: 1: must be 2 or more: one instance cannot survive the loss of its zone`},
		{func(p *clusterProps) { p.CPUTarget = 101 }, `stage.Cluster.CPUTarget: 101: must be 1 to 100 (percent)`},
		{func(p *clusterProps) { p.CPUTarget = -1 }, `stage.Cluster.CPUTarget: -1: must be 1 to 100 (percent)`},
		{func(p *clusterProps) { p.RequestsTarget = -1 }, `stage.Cluster.RequestsTarget: -1: must be 1 or more`},
	})
}

// TestScalingValid has odd values that must pass.
func TestScalingValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 2, 2 }, ""},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 0, 0 }, ""},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 40, 0 }, ""},
		{func(p *clusterProps) { p.MinSize, p.MaxSize = 0, 2 }, ""},
		{func(p *clusterProps) { p.CPUTarget, p.RequestsTarget = 100, 1 }, ""},
	})
}

// TestServer has what the instances serve.
func TestServer(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.ServerPort = 80 }, `stage.Cluster.ServerPort: 80: must be 1024 to 65535 with the default boot script: a port below needs root's rights, which its server does not have`},
		{func(p *clusterProps) { p.ServerPort = 1023 }, `stage.Cluster.ServerPort: 1023: must be 1024 to 65535 with the default boot script: a port below needs root's rights, which its server does not have`},
		{func(p *clusterProps) { p.ServerPort = 65536 }, `stage.Cluster.ServerPort: 65536: must be 1024 to 65535 with the default boot script: a port below needs root's rights, which its server does not have`},
		{func(p *clusterProps) { p.ServerPort = -1 }, `stage.Cluster.ServerPort: -1: must be 1024 to 65535 with the default boot script: a port below needs root's rights, which its server does not have`},
		{func(p *clusterProps) { p.ServerText, p.UserData, p.ServerPort = "", "#!/bin/sh", 65536 }, `stage.Cluster.ServerPort: 65536: must be a TCP port, 1 to 65535`},
		{func(p *clusterProps) { p.UserData = "#!/bin/sh" }, `stage.Cluster.ServerText: "Hello from stage": is for the default boot script, and UserData takes its place`},
		{func(p *clusterProps) { p.ServerText = "a\nb" }, `stage.Cluster.ServerText: "a\nb": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { p.ServerText = "a\x00b" }, `stage.Cluster.ServerText: "a\x00b": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { p.ServerText = "a\x85b" }, `stage.Cluster.ServerText: "a\x85b": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { p.ServerText = "\xff" }, `stage.Cluster.ServerText: "\xff": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { p.ServerText = strings.Repeat("x", 16384) }, `stage.Cluster.ServerText: 16384: is its size in bytes; it makes the boot script 18307 bytes long, above EC2's limit of 16384`},
		{func(p *clusterProps) { p.HealthCheckPath = "health" }, `stage.Cluster.HealthCheckPath: "health": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = `/a"b` }, `stage.Cluster.HealthCheckPath: "/a\"b": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = `/a\b` }, `stage.Cluster.HealthCheckPath: "/a\\b": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = "/a#b" }, `stage.Cluster.HealthCheckPath: "/a#b": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = "/a%2" }, `stage.Cluster.HealthCheckPath: "/a%2": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = "/a b" }, `stage.Cluster.HealthCheckPath: "/a b": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = "/ä" }, `stage.Cluster.HealthCheckPath: "/ä": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = "/" + strings.Repeat("a", 1024) }, `stage.Cluster.HealthCheckPath: "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"…: must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
		{func(p *clusterProps) { p.HealthCheckPath = "/%{if x}" }, `stage.Cluster.HealthCheckPath: "/%{if x}": must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX`},
	})
}

// TestServerValid has odd values that must pass.
func TestServerValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.ServerPort = 1024 }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData, p.ServerPort = "", "#!/bin/sh", 80 }, ""},
		{func(p *clusterProps) { p.ServerText = `<b> ${x} %{y} $(z) "quoted"` }, ""},
		{func(p *clusterProps) { p.HealthCheckPath = "/" }, ""},
		{func(p *clusterProps) { p.HealthCheckPath = "/status?full=1&x=%20" }, ""},
		{func(p *clusterProps) { p.HealthCheckPath = "${data.x.path}" }, ""},
	})
}
