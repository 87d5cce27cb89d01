package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/internal/project"
)

// Change is what has been written into a parameter.
type Change struct {
	Parameter string
	Kind      Kind
	From, To  string // as Parameter.Runs has them; the same if nothing was to be done
}

// pinned is the parameter of a kind, for images of an architecture; an empty one is any.
func (e *Environment) pinned(ctx context.Context, kind Kind, architecture string) (Parameter, error) {
	parameters, err := e.Parameters(ctx)
	if err != nil {
		return Parameter{}, err
	}
	var found []Parameter
	for _, p := range parameters {
		if p.Kind == kind && (architecture == "" || p.Architecture == architecture) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Parameter{}, fmt.Errorf("%s has images for %s and %s: say which by its architecture", e.Name, found[0].Architecture, found[1].Architecture)
	case kind == Application:
		return Parameter{}, fmt.Errorf("%s pins no application (Application.Pin): it runs what is built when it is deployed", e.Name)
	case architecture != "":
		return Parameter{}, fmt.Errorf("%s pins no image for %s (PinAMI)", e.Name, architecture)
	}
	return Parameter{}, fmt.Errorf("%s pins no image (PinAMI)", e.Name)
}

// Set pins an image, which has to be there and be for instances such as the
// environment's.
func (e *Environment) Set(ctx context.Context, id string) (Change, error) {
	architecture, err := e.available(ctx, id)
	if err != nil {
		return Change{}, err
	}
	p, err := e.pinned(ctx, Image, architecture)
	if err != nil {
		return Change{}, err
	}
	return e.change(ctx, p, id, id)
}

// available returns the architecture of an image that the environment can launch.
func (e *Environment) available(ctx context.Context, id string) (architecture string, err error) {
	out, err := e.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{id}})
	if err != nil {
		return "", fmt.Errorf("image %s: %w", id, err)
	}
	if len(out.Images) == 0 {
		return "", fmt.Errorf("image %s: is not there, or not for the account of %s, in its region", id, e.Name)
	}
	if state := out.Images[0].State; state != ec2types.ImageStateAvailable {
		return "", fmt.Errorf("image %s: is %s, not available", id, state)
	}
	return string(out.Images[0].Architecture), nil
}

func (e *Environment) change(ctx context.Context, p Parameter, value, runs string) (Change, error) {
	c := Change{Parameter: p.Name, Kind: p.Kind, From: p.Runs(), To: runs}
	if c.From == c.To {
		return c, nil
	}
	if err := e.put(ctx, p.Name, value); err != nil {
		return Change{}, err
	}
	return c, nil
}

// Back pins what a parameter of the kind had before, whatever it was that put it there.
func (e *Environment) Back(ctx context.Context, kind Kind, architecture string) (Change, error) {
	p, err := e.pinned(ctx, kind, architecture)
	if err != nil {
		return Change{}, err
	}
	history, err := e.History(ctx, p.Name)
	if err != nil {
		return Change{}, err
	}
	for _, before := range history {
		if before.Runs() == p.Runs() {
			continue
		}
		if kind == Application {
			a, err := before.Application()
			if err != nil {
				return Change{}, err
			}
			if err := e.has(ctx, a); err != nil {
				return Change{}, err
			}
		}
		return e.change(ctx, p, before.Value, before.Runs())
	}
	return Change{}, fmt.Errorf("SSM parameter %s has had no other value", p.Name)
}

func (e *Environment) has(ctx context.Context, a project.Application) error {
	_, err := e.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &a.Bucket, Key: &a.Key, VersionId: &a.Version})
	if err != nil {
		return fmt.Errorf("s3://%s/%s, version %s: %w", a.Bucket, a.Key, a.Version, err)
	}
	return nil
}

// Promote pins, in another environment, what all instances of this one run: the image,
// and the application, by digest; one of the two where the other environment pins one.
func (e *Environment) Promote(ctx context.Context, to *Environment) ([]Change, error) {
	runs, err := e.proven(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := to.Parameters(ctx)
	if err != nil {
		return nil, err
	}
	var image, application *Parameter
	var others []string
	for i, p := range targets {
		switch {
		case p.Kind == Image && p.Architecture == runs.Architecture:
			image = &targets[i]
		case p.Kind == Image:
			others = append(others, p.Architecture)
		case p.Kind == Application:
			application = &targets[i]
		}
	}
	switch {
	case image == nil && len(others) > 0:
		return nil, fmt.Errorf("%s runs images for %s, and %s pins those for %v", e.Name, runs.Architecture, to.Name, others)
	case image == nil && application == nil:
		return nil, fmt.Errorf("%s pins neither an image (PinAMI) nor an application (Application.Pin): nothing can be promoted to it", to.Name)
	case application != nil && runs.Application == "":
		return nil, fmt.Errorf("%s pins an application, and the instances of %s run none", to.Name, e.Name)
	}
	if image != nil {
		if _, err := to.available(ctx, runs.Image); err != nil {
			return nil, err
		}
	}
	var changes []Change
	if application != nil { // the longer one first: if it fails, nothing has changed
		c, err := e.promoteApplication(ctx, runs.Application, to, *application)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	if image != nil {
		c, err := to.change(ctx, *image, runs.Image, runs.Image)
		if err != nil {
			return changes, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// proven is what every instance runs; an error if they differ, one does not serve, or
// a refresh is under way.
func (e *Environment) proven(ctx context.Context) (Instance, error) {
	f, err := e.Fleet(ctx)
	if err != nil {
		return Instance{}, err
	}
	var faults []error
	if f.Refresh != "" {
		faults = append(faults, fmt.Errorf("instance refresh %s of %s is under way", f.Refresh, f.Group))
	}
	if len(f.Instances) < max(1, f.Wanted) {
		faults = append(faults, fmt.Errorf("%s has %d of %d instances", f.Group, len(f.Instances), f.Wanted))
	}
	for _, i := range f.Instances {
		if !i.Serves {
			faults = append(faults, fmt.Errorf("instance %s %s", i.ID, i.Why))
		}
		if first := f.Instances[0]; i.Image != first.Image || i.Application != first.Application {
			faults = append(faults, fmt.Errorf("instances %s and %s run different versions", first.ID, i.ID))
		}
	}
	if len(faults) > 0 {
		return Instance{}, fmt.Errorf("%s has proven nothing: %w", e.Name, errors.Join(faults...))
	}
	return f.Instances[0], nil
}

// promoteApplication copies an application, whose digest is checked on the way, and pins
// it.
func (e *Environment) promoteApplication(ctx context.Context, digest string, to *Environment, p Parameter) (Change, error) {
	pinned, err := p.Application()
	if err != nil {
		return Change{}, err
	}
	if pinned.Digest == digest {
		return Change{Parameter: p.Name, Kind: p.Kind, From: digest, To: digest}, nil
	}
	from, err := e.find(ctx, digest)
	if err != nil {
		return Change{}, err
	}
	copied := project.Application{Bucket: pinned.Bucket, Key: "promoted/" + digest + ".tar", Digest: digest}
	if copied.Version, err = e.copy(ctx, from, to, copied); err != nil {
		return Change{}, fmt.Errorf("copy s3://%s/%s to s3://%s/%s: %w", from.Bucket, from.Key, copied.Bucket, copied.Key, err)
	}
	value, err := json.Marshal(copied)
	if err != nil {
		return Change{}, err
	}
	return to.change(ctx, p, string(value), digest)
}

// find is where the application with the digest is: the last one that was deployed, or,
// if its rollout failed, one before.
func (e *Environment) find(ctx context.Context, digest string) (project.Application, error) {
	parameters, err := e.Parameters(ctx)
	if err != nil {
		return project.Application{}, err
	}
	for _, p := range parameters {
		if p.Kind == Image {
			continue
		}
		history, err := e.History(ctx, p.Name)
		if err != nil {
			return project.Application{}, err
		}
		for _, h := range history {
			if a, err := h.Application(); err == nil && a.Digest == digest {
				return a, nil
			}
		}
	}
	return project.Application{}, fmt.Errorf("no SSM parameter of %s says where the application with the digest %s is", e.Name, digest)
}

// copy goes through this machine: each of the two environments may be another account's,
// whose credentials reach nothing of the other's.
func (e *Environment) copy(ctx context.Context, from project.Application, to *Environment, target project.Application) (version string, err error) {
	object, err := e.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &from.Bucket, Key: &from.Key, VersionId: &from.Version})
	if err != nil {
		return "", err
	}
	defer object.Body.Close()
	file, err := os.CreateTemp("", "application-*.tar")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, sum), object.Body); err != nil {
		return "", err
	}
	if digest := hex.EncodeToString(sum.Sum(nil)); digest != target.Digest {
		return "", fmt.Errorf("its digest is %s, want %s", digest, target.Digest)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	out, err := to.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &target.Bucket, Key: &target.Key, Body: file,
		ContentType: aws.String("application/x-tar"), ChecksumAlgorithm: s3types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		return "", err
	}
	if aws.ToString(out.VersionId) == "" {
		return "", errors.New("the bucket keeps no versions")
	}
	return *out.VersionId, nil
}
