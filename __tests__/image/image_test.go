// Package image_test runs the command image on a local AWS: environments as a deploy
// leaves them, of which one pins its image and its application.
package image_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// binary is the command.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		log.Fatal(err)
	}
	binary = filepath.Join(dir, "image")
	build := exec.Command("go", "build", "-o", binary, "./cmd/image")
	build.Dir = "../.."
	if output, err := build.CombinedOutput(); err != nil {
		log.Fatalf("%v\n%s", err, output)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

const (
	prodImage   = "/webservers-prod/image/x86_64"
	prodPinned  = "/webservers-prod/application/pinned"
	stageLatest = "/webservers-stage/application/deployed"
)

// TestPromote: what all of stage's instances run comes to prod, and back again; each
// thing that is not proven is refused, and nothing has changed then.
func TestPromote(t *testing.T) {
	w := newWorld(t)
	w.expect(1, "image: stage has no Auto Scaling group in this account: deploy it first; or, if it has a Profile", "promote", "stage", "prod")

	old, oldDigest := w.upload("prod-app", "old")
	w.put(prodImage, w.images[0])
	w.put(prodPinned, old)
	tried, digest := w.upload("stage-app", "new")
	w.put(stageLatest, tried)
	// A later deploy, whose rollout failed: the instances run what was before.
	failed, _ := w.upload("stage-app", "bad")
	w.put(stageLatest, failed)
	w.deploy("stage", w.images[1], digest)
	w.deploy("prod", w.images[0], oldDigest)

	w.expect(0, "│ stage       │ image         │ as the code says", "show", "stage", "prod")
	w.expect(0, w.images[1]+" (2)", "show", "stage")
	w.expect(0, "│ prod        │ application   │ "+oldDigest[:12]+"     │ "+oldDigest[:12]+" (2)", "show", "stage", "prod")

	w.expect(0, prodImage+": "+w.images[1]+", was "+w.images[0]+"\nIt comes with the next deploy: npx cdktf deploy prod\n", "promote", "stage", "prod")
	if got := w.value(prodImage); got != w.images[1] {
		t.Errorf("prod's image is %s", got)
	}
	var pinned struct{ Bucket, Key, Version, Digest string }
	w.must(json.Unmarshal([]byte(w.value(prodPinned)), &pinned))
	if pinned.Bucket != "prod-app" || pinned.Digest != digest || pinned.Key != "promoted/"+digest+".tar" {
		t.Errorf("prod's application is %+v", pinned)
	}
	object, err := w.objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &pinned.Bucket, Key: &pinned.Key, VersionId: &pinned.Version, ChecksumMode: s3types.ChecksumModeEnabled})
	w.must(err)
	var content bytes.Buffer
	_, err = content.ReadFrom(object.Body)
	w.must(err)
	sum := sha256.Sum256([]byte("new"))
	if content.String() != "new" || aws.ToString(object.ChecksumSHA256) != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("the copy is %q with the checksum %s", content.String(), aws.ToString(object.ChecksumSHA256))
	}
	w.expect(0, prodPinned+": "+digest[:12]+" is pinned already\n"+prodImage+": "+w.images[1]+" is pinned already\n", "promote", "stage", "prod")

	w.expect(0, prodPinned+": "+oldDigest[:12]+", was "+digest[:12], "back", "prod", "--application")
	if got := w.value(prodPinned); got != old {
		t.Errorf("prod's application is %s, want %s", got, old)
	}
	w.expect(0, prodImage+": "+w.images[0]+", was "+w.images[1], "back", "prod")
	// Back from there is forth again.
	w.expect(0, prodImage+": "+w.images[1]+", was "+w.images[0], "back", "prod")
	w.expect(0, "│ application, pinned │       3 │ "+oldDigest[:12], "history", "prod")
	w.expect(0, "│ image, x86_64       │       1 │ "+w.images[0], "history", "prod")

	// A refresh is under way.
	before := w.value(prodPinned)
	_, err = w.groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: aws.String("webservers-stage"), Preferences: &scaling.RefreshPreferences{MinHealthyPercentage: aws.Int32(100), InstanceWarmup: aws.Int32(3600)},
	})
	w.must(err)
	w.expect(1, "image: stage has proven nothing: instance refresh ", "promote", "stage", "prod")
	w.expect(0, "is under way", "show", "stage")
	if w.value(prodPinned) != before {
		t.Error("a promotion that was refused has changed something")
	}
}

// TestPromoteRefused: stage and prod do not fit, or what stage ran is not what the
// bucket has.
func TestPromoteRefused(t *testing.T) {
	w := newWorld(t)
	tried, digest := w.upload("stage-app", "new")
	w.put(stageLatest, tried)
	w.deploy("stage", w.images[0], digest)
	w.expect(1, "image: prod pins neither an image (PinAMI) nor an application (Application.Pin): nothing can be promoted to it", "promote", "stage", "prod")

	w.put("/webservers-prod/image/arm64", w.arm)
	w.expect(1, "image: stage runs images for x86_64, and prod pins those for [arm64]", "promote", "stage", "prod")
	w.expect(1, "image: prod pins no image for x86_64 (PinAMI)", "set", "prod", w.images[0])
	w.put(prodImage, w.images[0])
	w.expect(1, "image: prod has images for arm64 and x86_64: say which by its architecture", "back", "prod")
	w.expect(1, "image: SSM parameter "+prodImage+" has had no other value", "back", "prod", "--architecture", "x86_64")

	pinned, _ := w.upload("prod-app", "old")
	w.put(prodPinned, pinned)
	var where map[string]string
	w.must(json.Unmarshal([]byte(tried), &where))
	forged, _ := w.upload("stage-app", "forged")
	w.must(json.Unmarshal([]byte(forged), &where))
	where["digest"] = digest
	text, err := json.Marshal(where)
	w.must(err)
	w.put(stageLatest, string(text))
	w.expect(1, ", want "+digest, "promote", "stage", "prod")
	if w.value(prodPinned) != pinned {
		t.Error("a promotion that was refused has changed something")
	}
	w.put(prodPinned, "nonsense")
	w.expect(1, `image: SSM parameter `+prodPinned+`: "nonsense": is not where an application is`, "promote", "stage", "prod")
}

// TestSet: an image that is not there, or for other instances, is refused.
func TestSet(t *testing.T) {
	w := newWorld(t)
	w.put(prodImage, w.images[0])
	w.expect(0, prodImage+": "+w.images[1]+", was "+w.images[0], "set", "prod", w.images[1])
	w.expect(0, w.images[1]+" is pinned already", "set", "prod", w.images[1])
	w.expect(1, "ami-0123456789abcdef0", "set", "prod", "ami-0123456789abcdef0")
	w.expect(1, "image: prod pins no image for arm64 (PinAMI)", "set", "prod", w.arm)
	w.expect(1, "image: prod pins no application (Application.Pin): it runs what is built when it is deployed", "back", "prod", "--application")
	w.expect(1, "image: stage pins nothing (PinAMI, Application.Pin) and runs no Application: there is no history", "history", "stage")
	for want, args := range map[string][]string{
		`image: AMI: "ami-1": must be an id: ami- and 8 or 17 hexadecimal digits`: {"set", "prod", "ami-1"},
		`image: environment: "Prod": must be the name of an environment`:          {"show", "Prod"},
		`image: environment: "state": must be the name of an environment`:         {"show", "state"},
		`image: TO: "stage": is FROM, too`:                                        {"promote", "stage", "stage"},
		`image: accepts 2 arg(s), received 1`:                                     {"promote", "stage"},
		`image: unknown flag: --force`:                                            {"promote", "stage", "prod", "--force"},
	} {
		w.expect(2, want, args...)
	}
	w.must(os.Remove(filepath.Join(w.dir, "cdktf.json")))
	w.expect(2, "image: this runs in the project's folder only", "show", "stage")
}
