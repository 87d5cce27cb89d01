package localaws

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"example.com/webserver-cluster/tests/localaws/supervise"
)

// motoVersion is what is installed where no moto_server is on the PATH. The
// gaps that the front closes are this version's.
const motoVersion = "5.2.1"

// pureReads are what is asked again and again, of which moto's answer follows from what was
// written alone. Not so DescribeLoadBalancers and DescribeDBInstances, which end the provisioning.
var pureReads = map[string][]string{
	"autoscaling":          {"DescribeAutoScalingGroups"},
	"ec2":                  {"DescribeInstances", "DescribeSecurityGroups"},
	"elasticloadbalancing": {"DescribeTargetHealth"},
	"monitoring":           {"DescribeAlarms"},
	"rds":                  {"DescribeDBParameters"},
	"secretsmanager":       {"GetSecretValue"},
}

// startTimeout bounds moto's start: 2 s on an idle machine, of which most is
// Python importing.
const startTimeout = time.Minute

// moto is a running moto_server.
type moto struct {
	program string // path of its moto_server
	addr    string // host:port
	group   int    // of its processes
	stop    func()
}

// listening is what moto's web server prints when it accepts connections.
var listening = regexp.MustCompile(`Running on http://(127\.0\.0\.1:\d+)`)

// startMoto starts moto_server on a free loopback port and waits until it
// answers. Its log lies in dir as long as it runs.
func startMoto(ctx context.Context, dir string, log func(string, ...any)) (*moto, error) {
	program, err := findMoto(ctx, dir, log)
	if err != nil {
		return nil, err
	}
	logFile, err := os.CreateTemp(dir, "moto-*.log")
	if err != nil {
		return nil, err
	}
	defer logFile.Close()

	// With port 0 the kernel picks a free one, and moto says which.
	cmd := supervise.Command(program, "-H", "127.0.0.1", "-p", "0")
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.Env = append(os.Environ(),
		"MOTO_IAM_LOAD_MANAGED_POLICIES=true", // AmazonSSMManagedInstanceCore and the like exist
		"PYTHONUNBUFFERED=1",
	)
	ended, stop, err := supervise.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("start moto: %w", err)
	}
	m := &moto{
		program: program,
		group:   cmd.Process.Pid,
		stop: func() {
			stop()
			os.Remove(logFile.Name())
		},
	}

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if m.addr, err = waitForMoto(ctx, logFile.Name(), ended); err != nil {
		output, _ := os.ReadFile(logFile.Name())
		m.stop()
		return nil, fmt.Errorf("start %s: %w\n%s", program, err, output)
	}
	return m, nil
}

// waitForMoto returns moto's address as soon as it answers there.
func waitForMoto(ctx context.Context, logPath string, ended <-chan struct{}) (string, error) {
	for {
		output, err := os.ReadFile(logPath)
		if err != nil {
			return "", err
		}
		if m := listening.FindSubmatch(output); m != nil {
			addr := string(m[1])
			resp, err := http.Get("http://" + addr + "/moto-api/")
			if err != nil {
				return "", err
			}
			resp.Body.Close()
			return addr, nil
		}
		select {
		case <-ended:
			return "", fmt.Errorf("it ended at once and said:")
		case <-ctx.Done():
			return "", fmt.Errorf("%w; it said:", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// findMoto returns the moto_server on the PATH or, failing that, the one in
// dir, which it installs on first use.
func findMoto(ctx context.Context, dir string, log func(string, ...any)) (string, error) {
	if program, err := exec.LookPath("moto_server"); err == nil {
		return program, nil
	}
	venv := filepath.Join(dir, "moto-"+motoVersion)
	program := filepath.Join(venv, "bin", "moto_server")

	// Test packages run side by side; one of them installs.
	lock, err := os.Create(venv + ".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close() // releases it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	log("installing moto %s into %s (once)", motoVersion, venv)
	for _, args := range [][]string{
		{"python3", "-m", "venv", "--clear", venv},
		{filepath.Join(venv, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "moto[server]==" + motoVersion},
	} {
		if output, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("install moto: %q: %w\n%s", args, err, output)
		}
	}
	return program, nil
}
