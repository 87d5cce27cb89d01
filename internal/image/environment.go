// Package image looks after what an environment's instances run: their image, and the
// application on it. What a deploy gives them stands in SSM parameters; this package
// reads and writes those. Nothing reaches an instance before the next deploy.
package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"example.com/webserver-cluster/internal/project"
)

// Environment is one that has been deployed.
type Environment struct {
	Name    string
	Cluster string // the cluster's Name

	scaling *autoscaling.Client
	ec2     *ec2.Client
	ssm     *ssm.Client
	s3      *s3.Client
}

// Open returns an environment of the project's, as cfg reaches it.
func Open(cfg aws.Config, s project.Settings, name string) *Environment {
	return &Environment{
		Name: name, Cluster: s.Project + "-" + name,
		scaling: autoscaling.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg),
		s3: s3.NewFromConfig(cfg),
	}
}

// Kind is what a parameter is about.
type Kind string

const (
	Image       Kind = "image"       // the id of an image that is pinned
	Application Kind = "application" // an application that is pinned
	Deployed    Kind = "deployed"    // the application that was deployed last, pinned by nothing
)

// Parameter is an SSM parameter of the environment's.
type Parameter struct {
	Name         string
	Kind         Kind
	Architecture string // of an Image
	Value        string
	Version      int64
	Changed      time.Time
	By           string // ARN of who changed it; known from History only
}

// Application is the application that the parameter says.
func (p Parameter) Application() (project.Application, error) {
	var a project.Application
	if err := json.Unmarshal([]byte(p.Value), &a); err != nil || a.Digest == "" {
		return a, fmt.Errorf("SSM parameter %s: %q: is not where an application is", p.Name, p.Value)
	}
	return a, nil
}

// Runs is the value in short: an image's id, or an application's digest.
func (p Parameter) Runs() string {
	if p.Kind == Image {
		return p.Value
	}
	if a, err := p.Application(); err == nil {
		return a.Digest
	}
	return p.Value
}

func (e *Environment) parameter(name, value string, version int64, changed *time.Time) (p Parameter, ok bool) {
	p = Parameter{Name: name, Value: value, Version: version, Changed: aws.ToTime(changed)}
	switch architecture, image := project.ImageArchitecture(e.Cluster, name); {
	case image:
		p.Kind, p.Architecture = Image, architecture
	case name == project.PinnedApplication(e.Cluster):
		p.Kind = Application
	case name == project.DeployedApplication(e.Cluster):
		p.Kind = Deployed
	default:
		return p, false
	}
	return p, true
}

// Parameters are those of the environment, by name.
func (e *Environment) Parameters(ctx context.Context) ([]Parameter, error) {
	var found []Parameter
	pages := ssm.NewGetParametersByPathPaginator(e.ssm, &ssm.GetParametersByPathInput{Path: aws.String("/" + e.Cluster), Recursive: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("the SSM parameters of %s: %w", e.Name, err)
		}
		for _, p := range page.Parameters {
			if ours, ok := e.parameter(aws.ToString(p.Name), aws.ToString(p.Value), p.Version, p.LastModifiedDate); ok {
				found = append(found, ours)
			}
		}
	}
	slices.SortFunc(found, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// History are the values that a parameter has had, the newest first. SSM keeps the last
// hundred.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
func (e *Environment) History(ctx context.Context, name string) ([]Parameter, error) {
	var found []Parameter
	pages := ssm.NewGetParameterHistoryPaginator(e.ssm, &ssm.GetParameterHistoryInput{Name: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("the history of SSM parameter %s: %w", name, err)
		}
		for _, p := range page.Parameters {
			if ours, ok := e.parameter(name, aws.ToString(p.Value), p.Version, p.LastModifiedDate); ok {
				ours.By = aws.ToString(p.LastModifiedUser)
				found = append(found, ours)
			}
		}
	}
	slices.SortFunc(found, func(a, b Parameter) int { return int(b.Version - a.Version) })
	return found, nil
}

// put writes a parameter that is there.
func (e *Environment) put(ctx context.Context, name, value string) error {
	_, err := e.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: &value, Overwrite: aws.Bool(true), Type: ssmtypes.ParameterTypeString})
	if err != nil {
		return fmt.Errorf("write SSM parameter %s: %w", name, err)
	}
	return nil
}

// Instance is one of the environment's.
type Instance struct {
	ID, Image    string
	Architecture string
	Application  string // digest; "" without one
	Serves       bool   // in service and healthy
	Why          string // it does not
}

// Fleet is what the environment's instances run.
type Fleet struct {
	Group     string
	Wanted    int // desired capacity
	Instances []Instance
	Refresh   string // id of the instance refresh under way, "" if none is
}

// Fleet looks at the environment's Auto Scaling group.
func (e *Environment) Fleet(ctx context.Context) (Fleet, error) {
	group, err := e.group(ctx)
	if err != nil {
		return Fleet{}, err
	}
	f := Fleet{Group: aws.ToString(group.AutoScalingGroupName), Wanted: int(aws.ToInt32(group.DesiredCapacity))}
	refreshes, err := e.scaling.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: group.AutoScalingGroupName})
	if err != nil {
		return f, fmt.Errorf("the instance refreshes of %s: %w", f.Group, err)
	}
	for _, r := range refreshes.InstanceRefreshes {
		if !slices.Contains(ended, r.Status) {
			f.Refresh = aws.ToString(r.InstanceRefreshId)
		}
	}
	inGroup := map[string]scaling.Instance{}
	for _, i := range group.Instances {
		inGroup[aws.ToString(i.InstanceId)] = i
	}
	if len(inGroup) == 0 {
		return f, nil
	}
	var ids []string
	for id := range inGroup {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	pages := ec2.NewDescribeInstancesPaginator(e.ec2, &ec2.DescribeInstancesInput{InstanceIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return f, fmt.Errorf("the instances of %s: %w", f.Group, err)
		}
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				f.Instances = append(f.Instances, instance(i, inGroup[aws.ToString(i.InstanceId)]))
			}
		}
	}
	slices.SortFunc(f.Instances, func(a, b Instance) int { return strings.Compare(a.ID, b.ID) })
	return f, nil
}

func instance(i ec2types.Instance, in scaling.Instance) Instance {
	is := Instance{ID: aws.ToString(i.InstanceId), Image: aws.ToString(i.ImageId), Architecture: string(i.Architecture)}
	for _, tag := range i.Tags {
		if aws.ToString(tag.Key) == project.ApplicationTag {
			is.Application = aws.ToString(tag.Value)
		}
	}
	switch {
	case in.LifecycleState != scaling.LifecycleStateInService:
		is.Why = "is " + string(in.LifecycleState)
	case aws.ToString(in.HealthStatus) != "Healthy":
		is.Why = "is " + aws.ToString(in.HealthStatus)
	default:
		is.Serves = true
	}
	return is
}

// ended are the statuses of an instance refresh that does nothing more.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
var ended = []scaling.InstanceRefreshStatus{
	scaling.InstanceRefreshStatusSuccessful, scaling.InstanceRefreshStatusFailed, scaling.InstanceRefreshStatusCancelled,
	scaling.InstanceRefreshStatusRollbackSuccessful, scaling.InstanceRefreshStatusRollbackFailed,
}

var errNoGroup = errors.New("has no Auto Scaling group in this account: deploy it first; or, if it has a Profile or AssumeRoleARN, run npx cdktf synth first, from which this command takes them")

func (e *Environment) group(ctx context.Context) (scaling.AutoScalingGroup, error) {
	var found []scaling.AutoScalingGroup
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(e.scaling, &autoscaling.DescribeAutoScalingGroupsInput{Filters: []scaling.Filter{
		{Name: aws.String("tag:Name"), Values: []string{e.Cluster}},
		{Name: aws.String("tag:" + project.TerraformNameTag), Values: []string{project.GroupName}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return scaling.AutoScalingGroup{}, fmt.Errorf("the Auto Scaling group of %s: %w", e.Name, err)
		}
		for _, g := range page.AutoScalingGroups {
			if g.Status == nil { // else it is being deleted
				found = append(found, g)
			}
		}
	}
	switch len(found) {
	case 0:
		return scaling.AutoScalingGroup{}, fmt.Errorf("%s %w", e.Name, errNoGroup)
	case 1:
		return found[0], nil
	}
	return scaling.AutoScalingGroup{}, fmt.Errorf("%s has two Auto Scaling groups, %s and %s: a deploy has not ended well; deploy it again",
		e.Name, aws.ToString(found[0].AutoScalingGroupName), aws.ToString(found[1].AutoScalingGroupName))
}
