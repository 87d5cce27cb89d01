package scaling

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

const service = "autoscaling"

// handleGroups registers the actions on groups and their capacity.
func (e *Engine) handleGroups() {
	e.Front.Handle(service, "CreateAutoScalingGroup", e.createGroup)
	e.Front.Handle(service, "UpdateAutoScalingGroup", e.updateGroup)
	e.Front.Handle(service, "DeleteAutoScalingGroup", e.deleteGroup)
	e.Front.Handle(service, "DescribeAutoScalingGroups", e.describeGroups)
	answer(e, "SetDesiredCapacity", e.setDesiredCapacity)
	answer(e, "ExecutePolicy", e.executePolicy)
	answer(e, "DescribeScalingActivities", e.describeActivities)
}

// answer registers an action that is answered from the engine's own state.
func answer[In any](e *Engine, action string, h func(ctx context.Context, region string, in *In) (any, error)) {
	e.Front.Handle(service, action, func(r *front.Request, _ front.Next) (*front.Response, error) {
		var in In
		if err := r.DecodeQuery(&in); err != nil {
			return nil, err
		}
		out, err := h(r.HTTP.Context(), r.Region, &in)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(action, "Describe") {
			e.hurry()
		}
		return r.Respond(out)
	})
}

// find returns the group of that name. The engine is locked.
func (e *Engine) find(region string, name *string) (*group, error) {
	if g := e.groups[key{region, aws.ToString(name)}]; g != nil {
		return g, nil
	}
	return nil, invalid("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", aws.ToString(name))
}

func (e *Engine) createGroup(r *front.Request, next front.Next) (*front.Response, error) {
	var in autoscaling.CreateAutoScalingGroupInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	g := &group{
		key:         key{r.Region, aws.ToString(in.AutoScalingGroupName)},
		clock:       e.Clock,
		warmup:      in.DefaultInstanceWarmup,
		maintenance: in.InstanceMaintenancePolicy,
	}
	if err := g.resize(in.MinSize, in.MaxSize, in.DesiredCapacity); err != nil {
		return nil, err
	}
	for _, capacity := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
		r.Params.Set(capacity, "0") // moto launches nothing
	}
	resp, err := next(r)
	if err != nil || !resp.OK() {
		return resp, err
	}
	if g.settings, g.template, err = e.stored(r.HTTP.Context(), g.key); err != nil {
		return nil, err
	}
	e.mu.Lock()
	g.intent = at(e.Clock.Now(), "a user request created an AutoScalingGroup changing the desired capacity from "+count(0, g.desired)+".")
	e.groups[g.key] = g
	e.mu.Unlock()
	e.hurry()
	return resp, nil
}

// stored returns what moto has stored of a group, and the template version that it
// means.
func (e *Engine) stored(ctx context.Context, k key) (types.AutoScalingGroup, template, error) {
	a := e.api(k.region)
	found, err := settings(ctx, a, k.name)
	if err != nil {
		return types.AutoScalingGroup{}, template{}, err
	}
	t, err := resolve(ctx, a, found[k.name].LaunchTemplate)
	return found[k.name], t, err
}

func (e *Engine) updateGroup(r *front.Request, next front.Next) (*front.Response, error) {
	var in autoscaling.UpdateAutoScalingGroupInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	e.mu.Lock()
	g, err := e.find(r.Region, in.AutoScalingGroupName)
	if err == nil {
		trial := group{min: g.min, max: g.max, desired: g.desired}
		err = trial.resize(in.MinSize, in.MaxSize, in.DesiredCapacity)
	}
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	for _, capacity := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
		r.Params.Del(capacity)
	}
	resp, err := next(r)
	if err != nil || !resp.OK() {
		return resp, err
	}
	settings, template, err := e.stored(r.HTTP.Context(), g.key)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	g.revision++
	g.settings, g.template = settings, template
	if in.DefaultInstanceWarmup != nil {
		g.warmup = in.DefaultInstanceWarmup
		if *g.warmup < 0 { // -1 takes it away
			g.warmup = nil
		}
	}
	if p := in.InstanceMaintenancePolicy; p != nil {
		g.maintenance = p
		if aws.ToInt32(p.MinHealthyPercentage) < 0 {
			g.maintenance = nil
		}
	}
	e.hurry()
	return resp, g.retarget(e.Clock.Now(), "a user request update of", in.MinSize, in.MaxSize, in.DesiredCapacity)
}

// deleteGroup answers DeleteAutoScalingGroup: a group with instances is only deleted
// by force, and they with it, without waiting for their requests.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html
func (e *Engine) deleteGroup(r *front.Request, next front.Next) (*front.Response, error) {
	var in autoscaling.DeleteAutoScalingGroupInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	e.mu.Lock()
	g, err := e.find(r.Region, in.AutoScalingGroupName)
	if err == nil && len(g.members) > 0 && !aws.ToBool(in.ForceDelete) {
		err = front.Errorf("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	}
	if err == nil {
		delete(e.groups, g.key) // no more steps
	}
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	e.clear(r.HTTP.Context(), g)
	return next(r)
}

// clear ends all instances of a group that is no more.
func (e *Engine) clear(ctx context.Context, g *group) {
	var todo []command
	e.mu.Lock()
	for _, m := range g.started() {
		todo = append(todo, g.deregister(m, func(string) bool { return true })...)
		todo = append(todo, g.end(m, ec2types.InstanceStateNameRunning))
	}
	e.mu.Unlock()
	for _, c := range todo {
		if err := c.run(ctx, e.api(g.region)); err != nil {
			e.Log("delete the Auto Scaling group %s: %v", g.name, err)
		}
	}
}

// describeGroups puts into moto's answer what the engine keeps.
func (e *Engine) describeGroups(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return resp, resp.UpdateXML(func(root *etree.Element) {
		for _, shown := range root.FindElements("//AutoScalingGroups/member") {
			name := shown.FindElement("AutoScalingGroupName")
			if name == nil {
				continue
			}
			if g := e.groups[key{r.Region, name.Text()}]; g != nil {
				g.show(shown)
			}
		}
	})
}

// show writes the group into the element of an answer.
func (g *group) show(shown *etree.Element) {
	set := func(parent *etree.Element, name, value string) {
		replaceChild(parent, name).SetText(value)
	}
	set(shown, "MinSize", strconv.Itoa(g.min))
	set(shown, "MaxSize", strconv.Itoa(g.max))
	set(shown, "DesiredCapacity", strconv.Itoa(g.desired))
	instances := replaceChild(shown, "Instances")
	for _, m := range g.started() {
		i := instances.CreateElement("member")
		set(i, "InstanceId", m.id)
		set(i, "InstanceType", m.instanceType)
		set(i, "AvailabilityZone", m.subnet.zone)
		set(i, "LifecycleState", string(m.state))
		set(i, "HealthStatus", m.health())
		set(i, "ProtectedFromScaleIn", strconv.FormatBool(m.protected))
		template := i.CreateElement("LaunchTemplate")
		set(template, "LaunchTemplateId", m.template.id)
		set(template, "LaunchTemplateName", m.template.name)
		set(template, "Version", m.template.version)
	}
}

// started are the members that EC2 knows.
func (g *group) started() []*member { return g.where(func(m *member) bool { return m.id != "" }) }

// replaceChild returns a new, empty child of that name in the place of any before.
func replaceChild(parent *etree.Element, name string) *etree.Element {
	for _, before := range parent.SelectElements(name) {
		parent.RemoveChild(before)
	}
	return parent.CreateElement(name)
}
