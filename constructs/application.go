package constructs

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3object"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ssmparameter"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/archive"
	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/project"
)

// Application is what one has built, for the instances to run: it is packed when the
// stack is synthesized, lies in a private, versioned S3 bucket of the cluster's, and
// every instance fetches it while it boots, checks its digest and has systemd run it,
// as a user without rights, again whenever it ends. It gets the cluster's Facts as
// environment variables, serves HTTP on PORT, answers HEALTH_CHECK_PATH with 200, and
// ends when SIGTERM tells it to, within IdleTimeout.
//
// A change of the files, the command or the environment is a new version of the launch
// template, which a rollout brings to the fleet; the same files are the same version,
// whenever they were built. Old versions stay in the bucket for 90 days, the last 20
// for good, so that whatever the group launches is there. What the command image has put
// there stays until somebody deletes it.
type Application struct {
	// Path is a folder, or a .tar, .tar.gz, .tgz or .zip file of one, with all that the
	// application needs, 1 GiB at the most. A relative path starts in the folder with
	// cdktf.json. Required.
	Path string
	// Command is the program, by its path in the folder ("guestbook"), or an absolute one
	// of the image ("/usr/bin/python3"), of letters, digits and _ . / + - only, and its
	// arguments. It is started in the folder,
	// /opt/application on the instance. Required.
	Command []string
	// Environment are environment variables besides the Facts. They stand in the launch
	// template, which whoever may look at it reads: nothing secret belongs here. Default:
	// none.
	Environment map[string]string
	// User is the user that it runs as: one that the image has, or one that systemd makes
	// up for it. Default "application".
	User string
	// Pin keeps the files that were there when the cluster was first deployed, whatever
	// is built afterwards. Others come when "go run ./cmd/image promote" says so, at the
	// next deploy (see WebserverCluster.ApplicationParameter). Path has to be there all the
	// same: a first deploy would take it. Default false: every
	// deploy takes what is built.
	Pin bool
}

const (
	applicationKey = "application.tar"
	// How long an old version is kept, in days, and how many of them in any case: a
	// rollback needs the one before.
	oldApplicationDays  = 90
	oldApplicationsKept = 20
	// The bucket's name: 63 characters at the most, of which Terraform appends 26.
	maxBucketNamePrefix = 63 - 26
)

var (
	// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
	variableNameRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// systemd reads $ and % in it otherwise than in arguments.
	// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
	programRule = regexp.MustCompile(`^[A-Za-z0-9_./+-]+$`)
	// https://systemd.io/USER_NAMES/
	userNameRule = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,30}$`)
)

//go:embed application.sh
var applicationScript string

func (a Application) withDefaults() Application {
	a.User = orDefault(a.User, "application")
	return a
}

// inFolder is the program's path in the folder, "" for one of the image.
func (a Application) inFolder() string {
	if len(a.Command) == 0 || path.IsAbs(a.Command[0]) {
		return ""
	}
	return path.Clean(a.Command[0])
}

// packed is an application in its bucket.
type packed struct {
	bucket, key, version, digest string
	objects                      string // ARN of what instances fetch
	parameter                    string // that pins it; "" if none does
}

// application packs the application and has Terraform put it into a bucket. The version
// of the object, not its key, tells one from the next: Terraform deletes the object of
// another key as soon as no code names it, while instances that run still need it if
// they are to be launched again.
func (c *cluster) application() packed {
	a := c.props.Application.withDefaults()
	stack := cdktf.TerraformStack_Of(c.scope.Construct)
	file := path.Join("assets", c.prefix+"application", applicationKey)
	files, err := archive.Open(a.Path)
	if err != nil {
		panic(err) // Validate has seen them
	}
	digest, err := files.WriteFile(filepath.Join(outdir.Stack(*cdktf.App_Of(stack).Outdir(), *stack.Node().Id()), filepath.FromSlash(file)), a.inFolder())
	if err != nil {
		panic(fmt.Errorf("packing %s: %w", a.Path, err))
	}
	store := c.privateBucket("application_", privateBucket{
		namePrefix: namePrefix(c.props.Name, maxBucketNamePrefix-len("app-")) + "app-",
		// What is in it can be built again.
		forceDestroy:   true,
		oldVersionDays: oldApplicationDays, oldVersionsKept: oldApplicationsKept,
	})
	ready := store.ready
	config := &s3object.S3ObjectConfig{
		Bucket: store.bucket.Id(),
		Key:    jsii.String(applicationKey),
		Source: jsii.String("${path.root}/" + file),
		// Not etag, which is no digest of what is uploaded in parts.
		SourceHash:        jsii.String(digest),
		ChecksumAlgorithm: jsii.String("SHA256"),
		ContentType:       jsii.String("application/x-tar"),
		DependsOn:         &ready,
		// Of S3's 10 tags for an object, default_tags could be more.
		OverrideProvider: &s3object.S3ObjectOverrideProvider{DefaultTags: &s3object.S3ObjectOverrideProviderDefaultTags{Tags: &map[string]*string{}}},
	}
	if a.Pin {
		config.Lifecycle = &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("source", "source_hash")}
	}
	object := add(c.scope, "application", s3object.NewS3Object, config)
	if a.Pin {
		// The object may be there already: this is its digest, and not that of what is
		// packed now, which Terraform leaves alone.
		digest = *object.SourceHash()
	}
	made := packed{bucket: *store.bucket.Id(), key: applicationKey, version: *object.VersionId(), digest: digest, objects: *store.bucket.Arn() + "/*"}
	c.note(&made, a.Pin)
	return made
}

// note has an SSM parameter say where the application is: the last one that was deployed,
// whose history SSM keeps, or the one that the cluster runs whatever is deployed. Others
// come there by the command image, which copies them into the bucket under keys of their
// own.
func (c *cluster) note(p *packed, pinned bool) {
	value, err := json.Marshal(project.Application{Bucket: p.bucket, Key: p.key, Version: p.version, Digest: p.digest})
	if err != nil {
		panic(err) // unreachable: strings
	}
	config := &ssmparameter.SsmParameterConfig{
		Name:          jsii.String(project.DeployedApplication(c.props.Name)),
		Description:   jsii.String("Application that " + c.props.Name + " was deployed with last"),
		Type:          jsii.String("String"),
		InsecureValue: jsii.String(string(value)),
	}
	if !pinned {
		add(c.scope, "deployed_application", ssmparameter.NewSsmParameter, config)
		return
	}
	p.parameter = project.PinnedApplication(c.props.Name)
	config.Name = &p.parameter
	config.Description = jsii.String("Application of " + c.props.Name + ": the command image puts another one here, for the next deploy")
	config.Lifecycle = &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("insecure_value")}
	pin := add(c.scope, "pinned_application", ssmparameter.NewSsmParameter, config)
	read := func(key string) string {
		return *cdktf.Token_AsString(cdktf.Fn_Lookup(cdktf.Fn_Jsondecode(pin.InsecureValue()), jsii.String(key), nil), nil)
	}
	p.key, p.version, p.digest = read("key"), read("version"), read("digest")
}

// getsFacts says whether the servers are such as may use the database.
func (p WebserverClusterProps) getsFacts() bool { return p.Application != nil || p.UserDataFrom != nil }

// applicationScript is the boot script that runs the application.
func (p WebserverClusterProps) applicationScript(facts Facts, from packed) string {
	a := p.Application.withDefaults()
	variables := facts.Variables()
	maps.Copy(variables, a.Environment)
	capabilities := ""
	if p.ServerPort < 1024 {
		// https://man7.org/linux/man-pages/man7/capabilities.7.html
		capabilities = "AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
	}
	return strings.NewReplacer(
		"@FACTS@", writeVariables(variables),
		"@FACTS_FILE@", FactsFile,
		"@REGION@", facts.Region,
		"@BUCKET@", from.bucket,
		"@KEY@", from.key,
		"@VERSION@", from.version,
		"@DIGEST@", from.digest,
		"@NAME@", p.Name,
		"@COMMAND@", unitCommand(a.Command),
		"@USER@", a.User,
		"@CAPABILITIES@", capabilities,
		// As long as a request may take.
		"@STOP_SECONDS@", fmt.Sprint(int(p.IdleTimeout.Seconds())),
	).Replace(applicationScript)
}

// unitCommand is a command line as systemd reads it.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
func unitCommand(words []string) string {
	var line []string
	for i, word := range words {
		if i == 0 && !path.IsAbs(word) {
			word = path.Join("/opt/application", word)
		}
		line = append(line, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(word)+`"`)
	}
	return strings.Join(line, " ")
}
