package validation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// built makes a folder with something to run.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"serve":     "#!/bin/sh\n",
		"notes.txt": "",
		"bin/amd64": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00" + strings.Repeat("\x00", 44),
		"bin/arm64": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\xb7\x00" + strings.Repeat("\x00", 44),
		"bin/riscv": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\xf3\x00" + strings.Repeat("\x00", 44),
		"bin/mac":   "\xcf\xfa\xed\xfe\x0c\x00\x00\x01",
		"bin/x.exe": "MZ\x90\x00",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o755)
		if name == "notes.txt" {
			mode = 0o644
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("bin/amd64", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestApplication has what one has not built, or not for these instances.
func TestApplication(t *testing.T) {
	dir := built(t)
	t.Chdir(filepath.Dir(dir))
	path := filepath.Base(dir)
	out := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(out, "passwd")); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	application := func(change func(*constructs.Application)) func(*clusterProps) {
		return func(p *clusterProps) {
			p.ServerText, p.Application = "", &constructs.Application{Path: path, Command: []string{"serve"}}
			change(p.Application)
		}
	}
	command := func(words ...string) func(*clusterProps) {
		return application(func(a *constructs.Application) { a.Command = words })
	}
	in := func(path string) func(*clusterProps) {
		return application(func(a *constructs.Application) { a.Path = path })
	}
	with := func(name, value string) func(*clusterProps) {
		return application(func(a *constructs.Application) { a.Environment = map[string]string{name: value} })
	}
	user := func(name string) func(*clusterProps) {
		return application(func(a *constructs.Application) { a.User = name })
	}
	inStage(t, cluster, []row[clusterProps]{
		{command("serve", "-v"), ""},
		{command("./serve"), ""},
		{command("bin/../serve"), ""},
		{command("current"), ""},
		{command("/usr/bin/python3", "app.py"), ""},
		{command("bin/arm64"), `stage.Cluster.Application.Command[0]: "bin/arm64": is a program for arm64, and the instances run Linux on x86_64`},
		{func(p *clusterProps) { command("bin/arm64")(p); p.InstanceType = "t4g.micro" }, ""},
		{func(p *clusterProps) { command("current")(p); p.InstanceType = "t4g.micro" }, `stage.Cluster.Application.Command[0]: "current": is a program for x86_64, and the instances run Linux on arm64`},
		{command("bin/riscv"), `stage.Cluster.Application.Command[0]: "bin/riscv": is a program for RISCV, and the instances run Linux on x86_64`},
		{command("bin/mac"), `stage.Cluster.Application.Command[0]: "bin/mac": is a program for macOS, and the instances run Linux on x86_64`},
		{command("bin/x.exe"), `stage.Cluster.Application.Command[0]: "bin/x.exe": is a program for Windows, and the instances run Linux on x86_64`},
		{command("a$b"), `stage.Cluster.Application.Command[0]: "a$b": must be a path of letters, digits and _ . / + -`},
		{command("/opt/a b"), `stage.Cluster.Application.Command[0]: "/opt/a b": must be a path of letters, digits and _ . / + -`},
		{command("bin"), `stage.Cluster.Application.Command[0]: "bin": is a folder (` + path + `)`},
		{command("notes.txt"), `stage.Cluster.Application.Command[0]: "notes.txt": has no execute bit: chmod +x notes.txt (` + path + `)`},
		{command("guestbook"), `stage.Cluster.Application.Command[0]: "guestbook": is not in it (` + path + `)`},
		{command("../serve"), `stage.Cluster.Application.Command[0]: "../serve": is not in it (` + path + `)`},
		{command("loop"), `stage.Cluster.Application.Command[0]: "loop": is a link to itself (` + path + `)`},
		{command(), `stage.Cluster.Application.Command: is missing: the program that serves, and its arguments`},
		{command("serve", "a\nb"), `stage.Cluster.Application.Command[1]: "a\nb": must be one line of text, UTF-8 without control characters`},
		{in(""), `stage.Cluster.Application.Path: is missing: the folder with what you have built`},
		{in("dist"), `stage.Cluster.Application.Path: "dist": does not exist: build it first`},
		{in(empty), `stage.Cluster.Application.Path: "` + empty + `": is empty: build it first`},
		{in(out), `stage.Cluster.Application.Path: "` + out + `": has a link that leads out of it: passwd -> /etc/passwd`},
		{in(path + "/serve"), `stage.Cluster.Application.Path: "` + path + `/serve": must be a folder, or a .tar, .tar.gz, .tgz or .zip file`},
		{with("GREETING", `Hello "$x" \ ${y}`), ""},
		{with("1ST", "x"), `stage.Cluster.Application.Environment["1ST"]: "x": must be the name of an environment variable: letters, digits and _, no digit first`},
		{with("", "x"), `stage.Cluster.Application.Environment[""]: "x": must be the name of an environment variable: letters, digits and _, no digit first`},
		{with("PORT", "80"), `stage.Cluster.Application.Environment["PORT"]: "80": is a fact of the cluster's, which the application gets anyway: take another name`},
		{with("DATABASE_HOST", "x"), `stage.Cluster.Application.Environment["DATABASE_HOST"]: "x": is a fact of the cluster's, which the application gets anyway: take another name`},
		{with("KEY", "a\nb"), `stage.Cluster.Application.Environment["KEY"]: "a\nb": must be one line of text, UTF-8 without control characters`},
		{user("web_1"), ""},
		{user("root"), `stage.Cluster.Application.User: "root": may do everything: take a user without rights`},
		{user("Web"), `stage.Cluster.Application.User: "Web": must be a user's name: 1 to 31 lower-case letters, digits, _ and -, a letter or _ first`},
		{func(p *clusterProps) { command("serve")(p); p.ServerPort = 80 }, ""},
		{func(p *clusterProps) { command("serve")(p); p.ServerPort = 65536 }, `stage.Cluster.ServerPort: 65536: must be a TCP port, 1 to 65535`},
		{func(p *clusterProps) { command("serve")(p); p.ServerText = "Hello" }, `stage.Cluster.ServerText: "Hello": is for the default boot script, and Application takes its place`},
		{func(p *clusterProps) { command("serve")(p); p.UserData = "#!/bin/sh" }, `stage.Cluster.UserData: contradicts Application: give one of the two`},
		{func(p *clusterProps) { command("serve")(p); p.Environment = "stage" }, `stage.Cluster.Environment: follows from the environment: leave it out`},
	})
	faults := lines(func() error {
		p := stage.Cluster
		with("LONG", strings.Repeat("x", 16384))(&p)
		p.Name, p.Network = "a", &constructs.Network{VPCID: "vpc-01234567", PublicSubnetIDs: []string{"subnet-01234567", "subnet-01234568"}, PrivateSubnetIDs: []string{"subnet-01234567", "subnet-01234568"}}
		return p.Validate()
	}())
	if !strings.HasPrefix(faults, "Application: its Command and Environment make the boot script 1") || !strings.HasSuffix(faults, " bytes long, above EC2's limit of 16384") {
		t.Errorf("too long an environment: %s", faults)
	}
}

// TestUserDataFrom has boot scripts that are made of the facts.
func TestUserDataFrom(t *testing.T) {
	script := func(make func(constructs.Facts) string) func(*clusterProps) {
		return func(p *clusterProps) { p.ServerText, p.UserDataFrom = "", make }
	}
	inStage(t, cluster, []row[clusterProps]{
		{script(func(f constructs.Facts) string { return "#!/bin/sh\n" + f.WriteFile() }), ""},
		{script(func(f constructs.Facts) string { return "mysql -h " + f.DatabaseUser }), `stage.Cluster.UserDataFrom: "mysql -h admin": must begin with #! or another header that cloud-init knows (#cloud-config, #cloud-boothook, #include, #part-handler, ## template: jinja, MIME-Version:), or the instance does not run it`},
		{script(func(constructs.Facts) string { return "#!/bin/sh\n" + strings.Repeat("#", 16384) }), `stage.Cluster.UserDataFrom: 16394: is its size in bytes, above EC2's limit of 16384`},
		{func(p *clusterProps) {
			p.ServerText, p.UserData, p.UserDataFrom = "", "#!/bin/sh", func(constructs.Facts) string { return "#!/bin/sh" }
		}, `stage.Cluster.UserData: contradicts UserDataFrom: give one of the two`},
	})
}

// TestApplicationName: SSM keeps where the application is, and some names to itself.
func TestApplicationName(t *testing.T) {
	p := stage.Cluster
	p.Name, p.ServerText = "aws-shop", ""
	p.Network = &constructs.Network{VPCID: "vpc-01234567", PublicSubnetIDs: []string{"subnet-01234567", "subnet-01234568"}, PrivateSubnetIDs: []string{"subnet-01234567", "subnet-01234568"}}
	p.Application = &constructs.Application{Path: built(t), Command: []string{"serve"}}
	expectFaults(t, p.Validate(), []string{`Name: "aws-shop": must not begin with aws, which AWS keeps for its own SSM parameters, when Application makes one`})
}
