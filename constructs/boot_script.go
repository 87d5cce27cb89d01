package constructs

import (
	_ "embed"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// defaultBootScript serves one page and a health path on Amazon Linux 2023
// with nothing but what is on the image. Words between @ are filled in.
//
//go:embed boot_script.sh
var defaultBootScript string

// keepAlive is how long a server keeps an idle connection: longer than the load
// balancer by any IdleTimeout. Were it the first to close one, the load balancer would
// send a request into a closed connection now and then and answer 502. It does not
// follow from IdleTimeout, of which the load balancer hears minutes before the last
// server that runs is replaced.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
const keepAlive = maxIdleTimeout + 15*time.Second

// bootScript is the instances' user data, line by line, as Terraform has to
// read it: what Terraform would take for a template of its own is escaped,
// references of CDKTF are not.
func (c *cluster) bootScript(application packed) []string {
	p := c.props
	var script string
	switch {
	case p.Application != nil:
		script = p.applicationScript(p.facts(c.region), application)
	case p.UserDataFrom != nil:
		script = p.UserDataFrom(p.facts(c.region))
	default:
		script = orDefault(p.UserData, p.defaultScript())
	}
	return strings.Split(strings.TrimSuffix(escapeTemplate(script), "\n"), "\n")
}

// defaultScript is the default boot script, filled in.
func (p WebserverClusterProps) defaultScript() string {
	database := "none"
	if p.Database != nil {
		database = html.EscapeString(fmt.Sprintf("%s:%d", p.Database.Address, p.Database.Port))
	}
	return strings.NewReplacer(
		"@NAME@", p.Name,
		"@SERVER_TEXT@", html.EscapeString(p.ServerText),
		"@DATABASE@", database,
		"@PORT@", fmt.Sprint(p.ServerPort),
		// A string in Go's form is one in Python's: the rule of the path lets
		// nothing but ASCII through.
		"@HEALTH_PATH@", strconv.Quote(p.HealthCheckPath),
		"@KEEP_ALIVE@", fmt.Sprint(keepAlive.Seconds()),
	).Replace(defaultBootScript)
}

// reference is a reference of CDKTF, such as ${TfToken[TOKEN.7]}.
const reference = `\$\{TfToken\[[^]]*\]\}`

// templateRule finds what starts a template in a Terraform string, and references.
var templateRule = regexp.MustCompile(reference + `|[$%]\{`)

// escapeTemplate doubles the sign before each { that Terraform would read as
// the start of a template; a reference of CDKTF stays one.
// https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1
func escapeTemplate(s string) string {
	return templateRule.ReplaceAllStringFunc(s, func(found string) string {
		if len(found) > len("${") {
			return found
		}
		return found[:1] + found
	})
}
