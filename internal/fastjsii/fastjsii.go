// Package fastjsii makes jsii, the Node.js process behind every construct,
// start several times as fast and in a fraction of the memory. It does so for
// every program that imports it.
//
// By itself, jsii-runtime-go unpacks its kernel into a new temporary folder at
// every start and runs it in a Node.js process that a second one looks after;
// the kernel then compiles all 2,100 modules of the AWS provider. This package
// keeps the kernel unpacked in the user's cache folder (in a temporary one where
// that cannot be written) and has jsii-runtime-go start it by way of kernel.js,
// which tells what it saves, and how. [Load]
// saves the copying of the provider. What is synthesized stays the same to the
// byte.
//
// Where that is not possible, jsii starts as it always did, and [Status] tells
// why. FASTJSII=off in the environment turns the package off.
package fastjsii

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	_ "example.com/webserver-cluster/internal/tempdir"
	"github.com/aws/jsii-runtime-go"
	jsiiruntime "github.com/aws/jsii-runtime-go/runtime"
)

// Switch is the environment variable that turns the package off if its value
// is "off".
const Switch = "FASTJSII"

//go:embed kernel.js
var kernelJS []byte

var status error

// Status returns nil if jsii is set to start fast, or else why it is not.
func Status() error { return status }

// Close ends the kernel. Call it at the end of main in place of jsii.Close.
//
// A kernel that was started fast cleans up and ends by itself as soon as the
// app is gone, so there is nothing to do. jsii.Close would make the app wait
// for it, in two goroutines at once: the one that comes second prints
// "Runtime process exited abnormally: waitid: no child processes".
func Close() {
	if status != nil {
		jsii.Close()
	}
}

func init() {
	if status = start(); status != nil {
		// A failure shows, as it always did, when the kernel is needed.
		_ = prepareKernel(packageCache())
	}
}

// start has the kernel started by way of kernel.js. On an error, nothing has
// changed.
func start() error {
	if os.Getenv(Switch) == "off" {
		return errors.New(Switch + "=off is set")
	}
	if os.Getenv("JSII_RUNTIME") != "" {
		return errors.New("JSII_RUNTIME names a kernel of its own")
	}
	if runtime.GOOS == "windows" {
		return errors.New("not supported on Windows")
	}
	node, err := exec.LookPath(cmp.Or(os.Getenv("JSII_NODE"), "node"))
	if err != nil {
		return err
	}
	folder, temporary, err := kernelFolder()
	if err != nil {
		return err
	}
	command := []string{"exec", quote(node), "--preserve-symlinks", quote(filepath.Join(folder, "kernel.js")), quote(provider.digest())}
	if temporary {
		command = append(command, "temporary")
	}
	variables := packageCache()
	// jsii-runtime-go runs this command instead of the kernel it embeds.
	variables["JSII_RUNTIME"] = strings.Join(command, " ")
	// It does so in $SHELL, which need not be one that understands quote.
	variables["SHELL"] = "/bin/sh"
	// Node.js 20 parses these certificates at every start, for some 50 ms. The
	// kernel has no network connections.
	variables["NODE_EXTRA_CA_CERTS"] = ""
	return prepareKernel(variables)
}

// prepareKernel makes jsii-runtime-go prepare the kernel's process in an
// environment with the given variables, which the app itself does not keep.
// The process is not started before the first construct is made.
func prepareKernel(variables map[string]string) (err error) {
	for name, value := range variables {
		defer setenv(name, value)()
	}
	// Without TMPDIR, Node.js looks at TMP and TEMP, which Go does not.
	defer setenv("TMPDIR", os.TempDir())()
	// jsii's launcher greets Node.js 20, which does the job, with a banner of
	// ten lines. This lists the major versions that it is to be quiet about.
	const silence = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"
	defer setenv(silence, strings.TrimPrefix(os.Getenv(silence)+",20", ","))()

	// jsii-runtime-go panics if it cannot prepare the process.
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("preparing the jsii kernel: %v", failure)
			jsii.Close()
		}
	}()
	// The init functions of the bindings may have prepared one already.
	jsii.Close()
	// Any question to jsii-runtime-go's registry of types prepares one.
	jsiiruntime.IsAnonymousProxy(nil)
	return nil
}

// setenv sets a variable, and returns a function that undoes it.
func setenv(name, value string) (undo func()) {
	before, found := os.LookupEnv(name)
	os.Setenv(name, value)
	if found {
		return func() { os.Setenv(name, before) }
	}
	return func() { os.Unsetenv(name) }
}

// quote makes s one word of a shell command.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
