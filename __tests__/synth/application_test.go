package synth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// odd are values on which a shell, systemd or Terraform could stumble.
var odd = map[string]string{
	"GREETING": "Hello \"you\", $HOME `id` \\n %h ${x} %{y} it's 日本 #", "EMPTY": "", "HASH": "# no comment",
}

// withApplication is trial with an application from dir.
func withApplication(dir string) stacks.Environment {
	return variant(func(e *stacks.Environment) {
		e.Cluster.ServerText = ""
		e.Cluster.ServerPort = 80
		e.Cluster.Application = &constructs.Application{
			Path: dir, Command: []string{"serve", `--say=50% of "$x"`, `a\b`}, Environment: odd,
		}
	})
}

// synthesizeIn returns the stack of an environment and the folder that Terraform would
// run in.
func synthesizeIn(t *testing.T, e stacks.Environment) (stack, string) {
	t.Helper()
	if err := stacks.Validate(synthesized.settings, []stacks.Environment{e}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synthesize(dir, synthesized.settings, e)
	return readStack(t, dir, e.Name), filepath.Join(dir, "stacks", e.Name)
}

// TestApplication: what is packed lies beside the JSON, the instances may fetch it
// before the first one boots, and they fetch the very version with the very digest.
func TestApplication(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "serve"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, folder := synthesizeIn(t, withApplication(dir))
	object := s.get("aws_s3_object", "web_application")
	file, ok := strings.CutPrefix(at(object, "source").(string), "${path.root}/")
	if !ok {
		t.Fatalf("the source is %v", at(object, "source"))
	}
	content, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	expect(t, object, digest, "source_hash")
	expect(t, s.json, digest, "output", "application_digest", "value")

	deployed := s.get("aws_ssm_parameter", "web_deployed_application")
	expect(t, deployed, "/webservers-trial/application/deployed", "name")
	expect(t, deployed, `{"bucket":"${aws_s3_bucket.web_application_bucket.id}","key":"application.tar","version":"${aws_s3_object.web_application.version_id}","digest":"`+digest+`"}`, "insecure_value")

	// S3's own limit of tags for an object is lower than ours for an environment.
	expect(t, object, nil, "tags")
	expect(t, object, map[string]any{}, "override_provider", "default_tags", "tags")

	script := strings.Join(bootScript(s), "\n")
	for _, want := range []string{
		`--bucket "${aws_s3_bucket.web_application_bucket.id}" --key "application.tar" --version-id "${aws_s3_object.web_application.version_id}"`,
		`echo "` + digest + `  $archive" | sha256sum --check`,
		`--region "${data.aws_region.web_region.name}"`,
	} {
		if !strings.Contains(script, want) {
			t.Errorf("the boot script has no %s:\n%s", want, script)
		}
	}
	group := s.get("aws_autoscaling_group", "web_group")
	for _, policy := range []string{"web_fetch_application_policy", "web_read_mysql_secret_policy"} {
		s.get("aws_iam_role_policy", policy)
		if !slices.Contains(at(group, "depends_on").([]any), any("aws_iam_role_policy."+policy)) {
			t.Errorf("the group does not wait for %s", policy)
		}
	}
	fetch := at(s.json, "data", "aws_iam_policy_document", "web_fetch_application", "statement")
	expect(t, fetch, "[s3:GetObject s3:GetObjectVersion]", "actions")
	expect(t, fetch, "[${aws_s3_bucket.web_application_bucket.arn}/*]", "resources")
	instances := at(s.get("aws_launch_template", "web_template"), "tag_specifications", 0)
	expect(t, instances, "instance", "resource_type")
	expect(t, instances, digest, "tags", "ApplicationDigest")
	for _, made := range []string{"versioning", "server_side_encryption_configuration", "public_access_block", "policy", "lifecycle_configuration"} {
		if len(s.all("aws_s3_bucket_"+made)) != 1 {
			t.Errorf("the bucket has no aws_s3_bucket_%s", made)
		}
	}
	// Nothing of it is there without an application.
	if plain := synthesizeEnvironment(t, trial); len(plain.all("aws_s3_bucket")) > 0 || len(plain.all("aws_s3_object")) > 0 {
		t.Error("a bucket is made for no application")
	}
}

// TestApplicationChanges: the same files make the same stack whenever they were built;
// others, another command or another variable make another boot script.
func TestApplicationChanges(t *testing.T) {
	dir := t.TempDir()
	serve := filepath.Join(dir, "serve")
	if err := os.WriteFile(serve, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	e := withApplication(dir)
	synthesized := func() string {
		s, _ := synthesizeIn(t, e)
		text, err := json.Marshal(s.json)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := synthesized()
	if err := os.Chtimes(serve, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if synthesized() != first {
		t.Error("files of another time make another stack")
	}
	for what, change := range map[string]func(){
		"file":     func() { os.WriteFile(serve, []byte("#!/bin/sh\necho\n"), 0o755) },
		"command":  func() { e.Cluster.Application.Command = []string{"serve"} },
		"variable": func() { e.Cluster.Application.Environment = map[string]string{"A": "b"} },
		"user":     func() { e.Cluster.Application.User = "web" },
	} {
		before := synthesized()
		change()
		if synthesized() == before {
			t.Errorf("another %s makes the same stack", what)
		}
	}
}

// TestFactsFile: a shell reads from the file what the literal says; systemd's rules for
// double quotes are the same.
func TestFactsFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "serve"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, _ := synthesizeIn(t, withApplication(dir))
	facts := filepath.Join(t.TempDir(), "environment")
	// Terraform's references would be values by now.
	text := strings.NewReplacer("${aws_db_instance.mysql_instance.address}", "db.example", "${data.aws_region.web_region.name}", "eu-central-1",
		"${aws_db_instance.mysql_instance.master_user_secret[0].secret_arn}", "arn:secret").Replace(files(t, s)["environment"])
	if err := os.WriteFile(facts, []byte(text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"CLUSTER_NAME": "webservers-trial", "ENVIRONMENT": "trial", "AWS_REGION": "eu-central-1", "PORT": "80",
		"HEALTH_CHECK_PATH": "/health", "KEEP_ALIVE_SECONDS": "3614",
		"DATABASE_HOST": "db.example", "DATABASE_PORT": "3306", "DATABASE_NAME": "app", "DATABASE_USER": "admin", "DATABASE_SECRET_ARN": "arn:secret",
	}
	for name, value := range odd {
		want[name] = value
	}
	for name, value := range want {
		out, err := exec.Command("bash", "-c", `set -eu; . "$1"; printf %s "${!2}"`, "-", facts, name).CombinedOutput()
		if err != nil || string(out) != value {
			t.Errorf("%s is %q, want %q (%v)\n%s", name, out, value, err, text)
		}
	}
	unit := files(t, s)["application.service"]
	for _, line := range []string{
		`ExecStart="/opt/application/serve" "--say=50%% of \"$$x\"" "a\\b"`,
		"AmbientCapabilities=CAP_NET_BIND_SERVICE", "User=application", "DynamicUser=yes", "TimeoutStopSec=30",
	} {
		if !strings.Contains(unit, line+"\n") {
			t.Errorf("the unit has no line %s:\n%s", line, unit)
		}
	}
}

// bootScript is the boot script's lines, as Terraform reads them.
func bootScript(s stack) []string {
	var lines []string
	for _, line := range s.json["locals"].(object)["web_boot_script"].([]any) {
		lines = append(lines, line.(string))
	}
	return lines
}

// TestUserDataFrom: a boot script of one's own names the database, and may read its
// secret before the first instance boots.
func TestUserDataFrom(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.ServerText = ""
		e.Cluster.UserDataFrom = func(f constructs.Facts) string {
			return "#!/bin/sh\n" + f.WriteFile() + "exec serve --database " + f.DatabaseHost + "\n"
		}
	}))
	script := strings.Join(bootScript(s), "\n")
	for _, want := range []string{
		"exec serve --database ${aws_db_instance.mysql_instance.address}", `DATABASE_SECRET_ARN="${aws_db_instance.mysql_instance.master_user_secret[0].secret_arn}"`,
	} {
		if !strings.Contains(script, want) {
			t.Errorf("the boot script has no %s:\n%s", want, script)
		}
	}
	s.get("aws_iam_role_policy", "web_read_mysql_secret_policy")
}

// TestPinnedApplication: the cluster runs what the parameter says, which only the first
// deploy writes; what is built afterwards changes nothing.
func TestPinnedApplication(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "serve"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	e := withApplication(dir)
	e.Cluster.Application.Pin = true
	s, _ := synthesizeIn(t, e)
	parameter := s.get("aws_ssm_parameter", "web_pinned_application")
	expect(t, parameter, "/webservers-trial/application/pinned", "name")
	expect(t, parameter, "[insecure_value]", "lifecycle", "ignore_changes")
	expect(t, s.get("aws_s3_object", "web_application"), "[source source_hash]", "lifecycle", "ignore_changes")
	script := strings.Join(bootScript(s), "\n")
	pinned := func(key string) string {
		return "${jsondecode(aws_ssm_parameter.web_pinned_application.insecure_value)." + key + "}"
	}
	for _, want := range []string{`--key "` + pinned("key") + `" --version-id "` + pinned("version") + `"`, `echo "` + pinned("digest") + `  $archive" | sha256sum`} {
		if !strings.Contains(script, want) {
			t.Errorf("the boot script has no %s:\n%s", want, script)
		}
	}
	// The digest is that of the object, which may be an older one than what is packed now.
	expect(t, parameter, `{"bucket":"${aws_s3_bucket.web_application_bucket.id}","key":"application.tar","version":"${aws_s3_object.web_application.version_id}","digest":"${aws_s3_object.web_application.source_hash}"}`, "insecure_value")
	expect(t, s.json, pinned("digest"), "output", "application_digest", "value")
	expect(t, s.json, "/webservers-trial/application/pinned", "output", "application_parameter", "value")
}
