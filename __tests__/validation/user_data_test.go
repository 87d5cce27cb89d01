package validation_test

import (
	"strings"
	"testing"
)

// TestUserData has boot scripts.
func TestUserData(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "echo hello" }, `stage.Cluster.UserData: "echo hello": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", " #!/bin/sh" }, `stage.Cluster.UserData: " #!/bin/sh": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "\n#!/bin/sh" }, `stage.Cluster.UserData: "\n#!/bin/sh": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#cloud-confi" }, `stage.Cluster.UserData: "#cloud-confi": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "# cloud-config" }, `stage.Cluster.UserData: "# cloud-config": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "runcmd: [ls]" }, `stage.Cluster.UserData: "runcmd: [ls]": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "<powershell>" }, `stage.Cluster.UserData: "<powershell>": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "Content-Type: multipart/mixed" }, `stage.Cluster.UserData: "Content-Type: multipart/mixed": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "\ufeff#!/bin/sh" }, `stage.Cluster.UserData: "\ufeff#!/bin/sh": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#!/bin/sh\r\necho" }, `stage.Cluster.UserData: "#!/bin/sh\r\necho": has lines that end with CR LF, as Windows writes them: save it with LF, or the instance looks for an interpreter whose name ends with CR`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#!/bin/sh\necho\r\n" }, `stage.Cluster.UserData: "#!/bin/sh\necho\r\n": has lines that end with CR LF, as Windows writes them: save it with LF, or the instance looks for an interpreter whose name ends with CR`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#cloud-config\r\nruncmd: [ls]\r\n" }, `stage.Cluster.UserData: "#cloud-config\r\nruncmd: [ls]\r\n": has lines that end with CR LF, as Windows writes them: save it with LF, or the instance looks for an interpreter whose name ends with CR`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "\x1f\x8b\x08\x00" }, `stage.Cluster.UserData: must be text in UTF-8: nothing else is a string in Terraform`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#!/bin/sh\n"+strings.Repeat("#", 16384) }, `stage.Cluster.UserData: 16394: is its size in bytes, above EC2's limit of 16384`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#!"+strings.Repeat("ä", 8192) }, `stage.Cluster.UserData: 16386: is its size in bytes, above EC2's limit of 16384`},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", strings.Repeat("a", 16385) }, "stage.Cluster.UserData: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"…: must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it\nstage.Cluster.UserData: 16385: is its size in bytes, above EC2's limit of 16384"},
	})
}

// TestUserDataValid has odd values that must pass.
func TestUserDataValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#!/bin/sh\n"+strings.Repeat("#", 16384-10) }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#!/bin/sh\n"+strings.Repeat("${", 8000) }, ""},
		{func(p *clusterProps) {
			p.ServerText, p.UserData = "", "#!/bin/sh\n"+strings.Repeat("${TfToken[TOKEN.7]}", 1000)
		}, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#cloud-config" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "\n  #cloud-config\nruncmd: [ls]" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#Cloud-Config" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#cloud-config-archive" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#cloud-boothook" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#include" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#include-once https://example.com/x" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "#part-handler" }, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "## template: jinja\n#cloud-config" }, ""},
		{func(p *clusterProps) {
			p.ServerText, p.UserData = "", "Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n\n--x"
		}, ""},
		{func(p *clusterProps) {
			p.ServerText, p.UserData = "", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n"
		}, ""},
		{func(p *clusterProps) { p.ServerText, p.UserData = "", "${data.cloudinit_config.x.rendered}" }, ""},
	})
}
