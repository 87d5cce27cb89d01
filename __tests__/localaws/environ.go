package localaws

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Any credentials do; these are plainly no real ones.
const (
	accessKey = "local"
	secretKey = "local"
)

// Environ returns what a command needs in its environment, as NAME=VALUE, to
// reach the local AWS and to be unable to reach a real account. Append it to
// os.Environ(): of two values of a name, os/exec takes the last.
//
// An empty value switches off what the user's own environment may hold.
func (a *AWS) Environ() []string {
	env := []string{
		// Where AWS is. The host is an IP: S3 clients then put a bucket's name
		// into the path, not into a host name.
		"AWS_ENDPOINT_URL=" + a.url,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=",
		"AWS_USE_FIPS_ENDPOINT=", // refused beside an endpoint; Terraform's S3 backend takes "false" for true
		"AWS_USE_DUALSTACK_ENDPOINT=",
		"AWS_REGION=" + a.region,
		"AWS_DEFAULT_REGION=" + a.region, // the aws CLI's name for it
		"AWS_EC2_METADATA_DISABLED=true",

		// Who we are: nobody whom a real AWS knows.
		"AWS_ACCESS_KEY_ID=" + accessKey,
		"AWS_SECRET_ACCESS_KEY=" + secretKey,
		"AWS_SESSION_TOKEN=",
		"AWS_PROFILE=default", // not empty: the aws CLI would look for a profile of that name
		"AWS_CONFIG_FILE=" + a.awsConfig,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,

		"CHECKPOINT_DISABLE=1", // no version check with HashiCorp
		"TF_CLI_CONFIG_FILE=" + a.cliConfig,
		// `terraform providers lock`, which cdktf runs where a stack's folder has no
		// lock file for Terraform (OpenTofu's is another one), asks the registry for the
		// provider, whatever mirror there is.
		"CDKTF_SKIP_PROVIDER_LOCK=true",
	}
	if a.cliConfig != "" {
		// Terraform links to the provider in a mirror. cdktf's plugin cache would
		// add links in the user's home, where inits that run side by side collide:
		// https://developer.hashicorp.com/terraform/cli/config/config-file#provider-plugin-cache.
		env = append(env, "CDKTF_DISABLE_PLUGIN_CACHE_ENV=true")
	}
	for _, name := range noProxyVariables {
		env = append(env, name+"="+noProxy())
	}
	// An endpoint of one service wins over AWS_ENDPOINT_URL.
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_ENDPOINT_URL_") {
			env = append(env, name+"=")
		}
	}
	return env
}

// Exports is what a POSIX shell reads to have the variables NAME=VALUE, a line each.
func Exports(environ []string) string {
	var b strings.Builder
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&b, "export %s=%s\n", name, shellQuote(value))
	}
	return b.String()
}

// shellQuote quotes s for a POSIX shell where it needs that.
func shellQuote(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.:_-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// AppRegion is the region that the app in AppDir deploys to, as its cdktf.json has
// it under "context"; "" where there is no app or it names none. What is deployed
// there is then found by commands that are told no region.
func AppRegion() (string, error) {
	dir, err := AppDir()
	if err != nil {
		return "", nil // the local AWS serves without an app, too
	}
	content, err := os.ReadFile(filepath.Join(dir, "cdktf.json"))
	if err != nil {
		return "", err
	}
	var file struct{ Context struct{ Region string } }
	if err := json.Unmarshal(content, &file); err != nil {
		return "", fmt.Errorf("the region in %s: %w", filepath.Join(dir, "cdktf.json"), err)
	}
	return file.Context.Region, nil
}

// noProxyVariables name the hosts that are reached without a proxy. Which of the
// two counts differs by program: https://about.gitlab.com/blog/we-need-to-talk-no-proxy/.
var noProxyVariables = []string{"NO_PROXY", "no_proxy"}

// noProxy is the user's own list of hosts that need no proxy, and this machine.
// The aws CLI asks the proxy for 127.0.0.1, too, if it is not told; Go programs do
// not.
func noProxy() string {
	var hosts []string
	for _, name := range noProxyVariables {
		for host := range strings.SplitSeq(os.Getenv(name), ",") {
			host = strings.TrimSpace(host)
			if host == "*" {
				return "*" // every host; programs know it by itself only
			}
			if host != "" && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	for _, host := range []string{"127.0.0.1", "localhost", "::1"} {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, ",")
}
