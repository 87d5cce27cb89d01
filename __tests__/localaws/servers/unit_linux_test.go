package servers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	systemd "github.com/coreos/go-systemd/v22/unit"
)

func TestParseEnvironment(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"A=1\nB=two words\n", []string{"A=1", "B=two words"}},
		{"# A=1\n; B=2\n\n  C = 3  \n", []string{"C=3"}},
		{`A="in \"double\" $quotes \x" ` + "\n" + `B='in \single'`, []string{`A=in "double" $quotes \x`, `B=in \single`}},
		{`A=it's "as is"`, []string{`A=it's "as is"`}},
		{"A='one' 'two'\n", []string{"A=onetwo"}},
		{"A=con\\\ntinued\nB=\\ c\\d\n", []string{"A=continued", "B= cd"}},
		{"A=\"two\nlines\"\nB=\nC", []string{"A=two\nlines", "B="}},
		{"# a comment \\\nA=1\nB=2", []string{"B=2"}},
		{"1A=1\nA-B=2\nexport C=3\nA=https://x/?a=b#c\n", []string{"A=https://x/?a=b#c"}},
	} {
		if got := parseEnvironment(test.text); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	env := []string{"PORT=80", "OPTS=-a -b", "PORT=8080"}
	for line, want := range map[string][]string{
		"/opt/app --port ${PORT} $OPTS":    {"/opt/app", "--port", "8080", "-a", "-b"},
		"/opt/app --port=$PORT $NONE x$$y": {"/opt/app", "--port=8080", "x$y"},
		`-/opt/app "${OPTS}" '100%%'`:      {"/opt/app", "-a -b", "100%"},
		`:/opt/app ${PORT}`:                {"/opt/app", "${PORT}"},
	} {
		var list []command
		if err := addCommand(&list, line); err != nil {
			t.Fatal(err)
		}
		if got := list[0].fill(env); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestUnitFaults(t *testing.T) {
	for text, want := range map[string]string{
		"[Service]\nType=oneshot":                                 "no ExecStart=",
		"[Service]\nExecStart=/x\nUser=nosuchuser":                "User=nosuchuser",
		"[Service]\nExecStart=/x\nGroup=nosuchgroup":              "Group=nosuchgroup",
		"[Service]\nExecStart=/x\nKillSignal=SIGNOSUCH":           "KillSignal=SIGNOSUCH: no such signal",
		"[Service]\nExecStart=/x\nTimeoutStopSec=soon":            "TimeoutStopSec=soon",
		"[Service]\nExecStart=/x\nAmbientCapabilities=CAP_NOSUCH": "does not know the capability",
		"[Service]\nExecStart=/x\nType=forking":                   "only simple, exec and oneshot",
		"[Service]\nExecStart=/x 'open":                           "ExecStart=/x 'open",
	} {
		options, err := systemd.Deserialize(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newUnit("x.service", options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "infinity": 0, "30": 30 * time.Second, "1min 30s": 90 * time.Second, "500ms": 500 * time.Millisecond, "2 hours": 2 * time.Hour, "1.5": 1500 * time.Millisecond} {
		if got, err := parseSpan(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

// TestUnitSettings has a service tell how it runs with the settings that a boot
// script gives an application of its own.
func TestUnitSettings(t *testing.T) {
	out := bootIn(t, site{}, `
useradd --system --no-create-home --shell /sbin/nologin app
install -d -m 755 /opt/app/current
cat > /opt/app/current/run <<'RUN'
#!/bin/bash
if [ "$1" != main ]; then echo "pre in $PWD"; exit; fi
echo "$(id -un):$(id -gn) in $PWD with NAME=$NAME OTHER=$OTHER argument $2 HOME=$HOME"
grep -E 'NoNewPrivs|CapAmb' /proc/self/status
touch /usr/x 2>&1; touch /etc/x 2>&1; touch /tmp/private && ls /tmp; ls -A /home /root 2>&1
touch /var/lib/app/state && stat -c %U /var/lib/app/state
python3 -c 'import socket; socket.socket().bind(("", 81)); print("port 81 bound")'
trap 'echo usr1; exit 0' USR1
trap 'echo term' TERM
while :; do sleep 0.05; done
RUN
chmod 755 /opt/app/current/run
echo 'NAME="from file"' > /etc/app.env
cat > /etc/systemd/system/app.service <<'UNIT'
[Unit]
Description=The application
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User=app
Group=users
EnvironmentFile=/etc/app.env
EnvironmentFile=-/etc/nosuch.env
Environment=NAME=unit OTHER=unit
WorkingDirectory=/opt/app/current
ExecStartPre=/opt/app/current/run
ExecStart=/opt/app/current/run main ${OTHER}
Restart=always
RestartSec=50ms
KillSignal=SIGUSR1
TimeoutStopSec=5
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
StateDirectory=app
AmbientCapabilities=CAP_NET_BIND_SERVICE
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
UNIT
touch ~/secret /tmp/shared
systemctl enable --now app; echo "start: $?"
sleep 1
ls /tmp; systemctl is-active app
systemctl stop app; echo "stop: $?"
cat > /etc/systemd/system/weak.service <<'UNIT'
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/false
Restart=on-failure
RestartSec=10ms
UNIT
systemctl start weak; sleep 0.5; systemctl is-active weak
sed -i 's/^StartLimitIntervalSec.*//' /etc/systemd/system/weak.service
systemctl restart weak; sleep 0.5; systemctl is-active weak
cat > /etc/systemd/system/deaf.service <<'UNIT'
[Service]
ExecStart=/bin/bash -c 'trap "" TERM; while :; do sleep 0.05; done'
TimeoutStopSec=300ms
UNIT
systemctl start deaf; sleep 0.2; date +%s%N; systemctl stop deaf; date +%s%N; echo deaf $?
systemctl start nofile; echo "EnvironmentFile=/etc/nosuch.env" >> /etc/systemd/system/deaf.service
systemctl start deaf; sleep 0.1; systemctl is-active deaf
`)
	console := out + bootedConsole(t)
	for _, want := range []string{
		"pre in /opt/app/current\n",
		"app:users in /opt/app/current with NAME=from file OTHER=unit argument unit HOME=/home/app\n",
		"NoNewPrivs:\t1\n", fmt.Sprintf("CapAmb:\t%016x\n", 1<<10),
		"touch: cannot touch '/usr/x': Read-only file system\n", "touch: cannot touch '/etc/x': Read-only file system\n",
		"\nprivate\n", "\napp\nport 81 bound\n", "usr1\n",
		"LimitNOFILE=65536 has no effect",
		"start: 0\n", "\nactive\nstop: 0\n", "stop: 0\nactive\nfailed\n", "deaf 0\n", "\nfailed\n",
	} {
		if !strings.Contains(console, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, wrong := range []string{"\nsecret\n", "\nprivate\nshared\n", "\nterm\n"} {
		if strings.Contains(console, wrong) {
			t.Errorf("there is %q", wrong)
		}
	}
	if t.Failed() {
		t.Log(console)
	}
}
