package constructs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// FactsFile is where an instance has its Facts, in the form of systemd's
// EnvironmentFile= and of a shell's "source": a line NAME="value" each.
const FactsFile = "/etc/webserver/environment"

// Facts are what the servers of a cluster have to know. An Application gets them as
// environment variables and in FactsFile; a boot script of one's own from
// WebserverClusterProps.UserDataFrom. None of them is a secret. Some are references,
// whose values Terraform fills in.
type Facts struct {
	Name              string // CLUSTER_NAME: the cluster's Name
	Environment       string // ENVIRONMENT: the environment's name
	Region            string // AWS_REGION, by which AWS's SDKs and CLI know the region
	Port              int    // PORT: the TCP port to serve HTTP on
	HealthCheckPath   string // HEALTH_CHECK_PATH: answers 200 while the server can serve
	KeepAliveSeconds  int    // KEEP_ALIVE_SECONDS: how long a server keeps idle connections, or longer, so that it is never the first to close one
	DatabaseHost      string // DATABASE_HOST: the database's DNS name; this and the following are "" without a database
	DatabasePort      int    // DATABASE_PORT
	DatabaseName      string // DATABASE_NAME: the database made in it at first
	DatabaseUser      string // DATABASE_USER: who the servers log in as
	DatabaseSecretARN string // DATABASE_SECRET_ARN: the secret with that user's password, as {"username": …, "password": …}; "" where the user has none and logs in with an IAM token
}

// facts are those of the cluster.
func (p WebserverClusterProps) facts(region string) Facts {
	f := Facts{
		Name: p.Name, Environment: orDefault(p.Environment, p.Name), Region: region,
		Port: p.ServerPort, HealthCheckPath: p.HealthCheckPath, KeepAliveSeconds: int(keepAlive.Seconds()),
	}
	if d := p.Database; d != nil {
		f.DatabaseHost, f.DatabasePort, f.DatabaseName = d.Address, d.Port, d.DatabaseName
		f.DatabaseUser = d.User
		if d.ConnectARN == "" {
			f.DatabaseSecretARN = d.SecretARN
		}
	}
	return f
}

// Variables are the facts by the names of their environment variables. What is "" is
// not among them.
func (f Facts) Variables() map[string]string {
	variables := map[string]string{
		"CLUSTER_NAME":       f.Name,
		"ENVIRONMENT":        f.Environment,
		"AWS_REGION":         f.Region,
		"PORT":               strconv.Itoa(f.Port),
		"HEALTH_CHECK_PATH":  f.HealthCheckPath,
		"KEEP_ALIVE_SECONDS": strconv.Itoa(f.KeepAliveSeconds),
	}
	if f.DatabaseHost != "" {
		variables["DATABASE_HOST"] = f.DatabaseHost
		variables["DATABASE_PORT"] = strconv.Itoa(f.DatabasePort)
		variables["DATABASE_NAME"] = f.DatabaseName
		variables["DATABASE_USER"] = f.DatabaseUser
		variables["DATABASE_SECRET_ARN"] = f.DatabaseSecretARN
	}
	maps.DeleteFunc(variables, func(_, value string) bool { return value == "" })
	return variables
}

// WriteFile is a part of a shell script that writes FactsFile, for a boot script that
// UserDataFrom makes.
func (f Facts) WriteFile() string { return writeVariables(f.Variables()) }

func writeVariables(variables map[string]string) string {
	var script strings.Builder
	fmt.Fprintf(&script, "install -d -m 755 %s\ncat > %s <<'FACTS'\n", FactsFile[:strings.LastIndex(FactsFile, "/")], FactsFile)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(&script, "%s=\"%s\"\n", name, quoteVariable(variables[name]))
	}
	script.WriteString("FACTS\n")
	return script.String()
}

// quoteVariable escapes a value for double quotes, as systemd and a shell read them. The
// $ of a reference is Terraform's, and gone when an instance reads the file.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
func quoteVariable(value string) string {
	return variableRule.ReplaceAllStringFunc(value, func(found string) string {
		if len(found) > 1 {
			return found
		}
		return `\` + found
	})
}

var variableRule = regexp.MustCompile(reference + "|[\\\\\"`$]")
