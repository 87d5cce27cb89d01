package servers

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
)

func init() {
	if filepath.Base(os.Args[0]) == processInitName {
		err := runProcesses()
		fmt.Fprintf(os.Stderr, "%s: %v\n", processInitName, err)
		os.Exit(1)
	}
}

// root is the folder that stands for / in a machine of plain processes; "" in one
// of namespaces, which has a / of its own.
var root = os.Getenv(rootVariable)

// portsDir is where sitecustomize.py writes, in root.
const portsDir = "ports"

// runProcesses is the first process of a machine of plain processes. When the
// process that started it ends, so do all of them.
func runProcesses() error {
	var boot bootOrder
	orders := json.NewDecoder(os.Stdin)
	if err := orders.Decode(&boot); err != nil || root == "" {
		return fmt.Errorf("%s is not for people to start: %v", processInitName, err)
	}
	syscall.CloseOnExec(3)
	reports := os.NewFile(3, "reports")
	services, err := serveSystemctl()
	if err != nil {
		return err
	}
	go func() {
		var r report
		if err := runScripts(boot); err != nil {
			r.Error = err.Error()
		}
		json.NewEncoder(reports).Encode(r)
	}()
	var o order
	if orders.Decode(&o) == nil { // it has nothing else to order than to shut down
		go func() {
			services.stopAll()
			end()
		}()
		io.Copy(io.Discard, os.Stdin)
	}
	return end() // the process at the other end is gone
}

// end ends the machine, with this process, and leaves nothing of it.
func end() error {
	os.RemoveAll(root)
	return syscall.Kill(0, syscall.SIGKILL) // all of the group, this process, too
}

// commonPrograms are what a script finds, apart from Python and systemctl: what reads and
// writes text and files. A script that needs more (dnf, useradd, mount) would change
// this machine, and fails instead.
var commonPrograms = []string{
	"[", "awk", "base64", "basename", "bash", "cat", "chmod", "cksum", "cmp", "cp", "cut", "date", "dirname", "echo", "env", "expr",
	"false", "find", "fold", "grep", "gunzip", "gzip", "head", "id", "install", "ln", "ls", "mkdir", "mktemp", "mv", "nproc", "od",
	"openssl", "printf", "pwd", "readlink", "rm", "rmdir", "sed", "seq", "sh", "sha256sum", "sleep", "sort", "stat", "tail", "tar",
	"tee", "test", "touch", "tr", "true", "uname", "uniq", "wc", "xargs",
}

// python is Python as a script finds it. An image's own sitecustomize comes after
// the machine's.
const python = `#!/bin/sh
PYTHONPATH=%s${PYTHONPATH:+:$PYTHONPATH} exec %s "$@"
`

//go:embed sitecustomize.py
var sitecustomize []byte

// safePath is a path that needs no quotes, wherever it is put.
var safePath = regexp.MustCompile(`^[\w./+-]+$`)

// furnish makes root what a script takes for /.
func furnish(root string, order bootOrder) error {
	if !safePath.MatchString(root) {
		return fmt.Errorf("TMPDIR: %q: must have no other signs than letters, digits and ./+-_, for the boot script's paths are put there", filepath.Dir(root))
	}
	bin, library := filepath.Join(root, "usr/bin"), filepath.Join(root, "usr/lib/localaws")
	for _, dir := range []string{
		"etc/systemd/system", "home", "opt", "root", "run/systemd/system", "srv", "tmp", "usr/bin", "usr/lib/localaws", "usr/local/bin", "var", portsDir,
	} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	links := map[string]string{"bin": "usr/bin", "sbin": "usr/bin", "usr/sbin": "bin", "usr/bin/systemctl": self(strconv.Itoa(os.Getpid()))}
	for _, name := range commonPrograms {
		if path, err := exec.LookPath(name); err == nil {
			links[filepath.Join("usr/bin", name)] = path
		}
	}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			return err
		}
	}
	files := map[string]string{
		filepath.Join(library, "sitecustomize.py"): string(sitecustomize),
		filepath.Join(bin, "hostname"):             "#!/bin/sh\necho " + order.Hostname + "\n",
	}
	if order.Python != "" {
		files[filepath.Join(bin, "python3")] = fmt.Sprintf(python, library, order.Python)
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// environment is that of a machine's processes.
func environment(root, hostname string) []string {
	return []string{
		"PATH=" + filepath.Join(root, "usr/local/bin") + ":" + filepath.Join(root, "usr/bin"), "LANG=C.UTF-8",
		"HOME=" + filepath.Join(root, "root"), "TMPDIR=" + filepath.Join(root, "tmp"), "HOSTNAME=" + hostname, rootVariable + "=" + root,
	}
}

// self is a path to the program of a process of this program. It need not be one
// that the process's user may look for.
func self(process string) string {
	if runtime.GOOS == "linux" {
		return "/proc/" + process + "/exe"
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// absolute finds absolute paths of files, not parts of longer paths or of URLs.
var absolute = regexp.MustCompile(`(^|[^\w./~$})-])(/(?:bin|boot|etc|home|lib|lib64|media|mnt|opt|root|run|sbin|srv|tmp|usr|var)\b)`)

// rebase puts the absolute paths in a script below root, in the documents that it
// writes, too. What has no place in there (/dev, /proc) stays.
func rebase(script, root string) string {
	if root == "" {
		return script
	}
	return absolute.ReplaceAllString(script, "${1}"+root+"${2}")
}
