package servers

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

// followInterval is how often the instances are looked at, in real time. What
// comes through the front is noticed at once.
const followInterval = time.Second

// Tags that AWS puts on instances.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html
const (
	groupTag    = "aws:autoscaling:groupName"
	templateTag = "aws:ec2launchtemplate:id"
	versionTag  = "aws:ec2launchtemplate:version"
)

// Register has the fleet notice at once what clients of f do to instances.
func (f *Fleet) Register(fr *front.Front) {
	for _, action := range []string{"RunInstances", "TerminateInstances"} {
		fr.Handle("ec2", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := next(r)
			f.aws.addRegion(r.Region)
			f.Sync(f.ctx)
			return resp, err
		})
	}
}

// follow brings the fleet in line with the instances until Stop.
func (f *Fleet) follow() {
	for f.ctx.Err() == nil {
		f.Sync(f.ctx)
		select {
		case <-time.After(followInterval):
		case <-f.ctx.Done():
		}
	}
}

// Sync starts servers for new instances and ends those of terminated ones.
// This happens by itself a few times a second.
func (f *Fleet) Sync(ctx context.Context) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	found, err := f.aws.list(ctx)
	if err != nil {
		if ctx.Err() == nil {
			f.config.Log("servers: %v", err)
		}
		return
	}
	live := map[string]bool{}
	for _, instance := range found {
		id := aws.ToString(instance.InstanceId)
		live[id] = true
		if f.update(id, instance.Instance) {
			continue
		}
		s, err := f.aws.server(ctx, instance)
		if err != nil {
			f.config.Log("servers: user data of %s: %v", id, err)
			continue
		}
		f.launch(s)
	}
	f.mu.Lock()
	var gone []*server
	for id, s := range f.servers {
		if !live[id] {
			gone = append(gone, s)
			delete(f.servers, id)
		}
	}
	f.mu.Unlock()
	for _, s := range gone {
		s.cancel()
	}
}

// update notes what may have changed of an instance; false if it has no server.
func (f *Fleet) update(id string, instance types.Instance) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.servers[id]
	if s == nil {
		return false
	}
	s.note(instance)
	return true
}

func (d *Details) note(instance types.Instance) {
	d.Instance, d.VPC, d.Subnet, d.Groups = instance, aws.ToString(instance.VpcId), aws.ToString(instance.SubnetId), nil
	if instance.Placement != nil {
		d.Zone = aws.ToString(instance.Placement.AvailabilityZone)
	}
	for _, g := range instance.SecurityGroups {
		d.Groups = append(d.Groups, aws.ToString(g.GroupId))
	}
}

// instances reads EC2 instances.
type instances struct {
	config aws.Config

	mu      sync.Mutex
	regions map[string]bool // where there may be some
}

func (i *instances) addRegion(region string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if region != "" {
		i.regions[region] = true
	}
}

// found is an instance and the client for its region.
type found struct {
	types.Instance
	client *ec2.Client
}

// list returns the instances that are pending or running.
func (i *instances) list(ctx context.Context) ([]found, error) {
	i.mu.Lock()
	var clients []*ec2.Client
	for region := range i.regions {
		clients = append(clients, ec2.NewFromConfig(i.config, func(o *ec2.Options) { o.Region = region }))
	}
	i.mu.Unlock()
	var list []found
	for _, client := range clients {
		out, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
			Filters: []types.Filter{{Name: aws.String("instance-state-name"), Values: []string{"pending", "running"}}},
		})
		if err != nil {
			return nil, err
		}
		for _, reservation := range out.Reservations {
			for _, instance := range reservation.Instances {
				list = append(list, found{instance, client})
			}
		}
	}
	return list, nil
}

// server describes the server that an instance shall have.
func (i *instances) server(ctx context.Context, instance found) (*server, error) {
	s := &server{Details: Details{Server: Server{
		ID:       aws.ToString(instance.InstanceId),
		Address:  aws.ToString(instance.PrivateIpAddress),
		Image:    aws.ToString(instance.ImageId),
		Region:   instance.client.Options().Region,
		Launched: time.Now(),
	}}}
	s.note(instance.Instance)
	var template string
	for _, tag := range instance.Tags {
		switch aws.ToString(tag.Key) {
		case groupTag:
			s.Group = aws.ToString(tag.Value)
		case templateTag:
			template = aws.ToString(tag.Value)
		case versionTag:
			s.Version = aws.ToString(tag.Value)
		}
	}
	data, err := userData(ctx, instance, template, s.Version)
	s.UserData = string(data)
	return s, err
}

// userData is that of the launch template's version or, without one, the
// instance's own.
func userData(ctx context.Context, instance found, template, version string) ([]byte, error) {
	if template == "" {
		out, err := instance.client.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
			InstanceId: instance.InstanceId, Attribute: types.InstanceAttributeNameUserData,
		})
		if err != nil || out.UserData == nil {
			return nil, err
		}
		return base64.StdEncoding.DecodeString(aws.ToString(out.UserData.Value))
	}
	out, err := instance.client.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &template, Versions: []string{version},
	})
	if err != nil {
		return nil, err
	}
	if len(out.LaunchTemplateVersions) == 0 || out.LaunchTemplateVersions[0].LaunchTemplateData == nil {
		return nil, fmt.Errorf("launch template %s has no version %s", template, version)
	}
	return base64.StdEncoding.DecodeString(aws.ToString(out.LaunchTemplateVersions[0].LaunchTemplateData.UserData))
}
