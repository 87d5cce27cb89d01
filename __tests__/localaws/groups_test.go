package localaws_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// TestSecurityGroups has a load balancer and another instance reach a server as
// its security group lets them.
func TestSecurityGroups(t *testing.T) {
	e := newEstate(t)
	ctx := t.Context()
	front, back, other := e.group("front"), e.group("back"), e.group("other")
	e.letOut(front, 8080, back)
	e.letOut(other, 8080, back)
	e.letIn(back, 8080, front)
	e.letIn(front, 80, "0.0.0.0/0")

	server := e.launch("server", "", back, `
mkdir /srv/www && echo "it is me" > /srv/www/index.html
cat > /etc/systemd/system/web.service <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -m http.server --directory /srv/www 8080
UNIT
systemctl start web`)
	e.console(server)

	balancers := elb.NewFromConfig(e.cloud.Config())
	subnets, err := e.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	e.must(err)
	lb, err := balancers.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String("front"), SecurityGroups: []string{front}, Subnets: []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId},
	})
	e.must(err)
	group, err := balancers.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("front"), Port: aws.Int32(8080), Protocol: types.ProtocolEnumHttp, VpcId: &e.vpc, HealthCheckPath: aws.String("/"),
		HealthCheckIntervalSeconds: aws.Int32(10), HealthCheckTimeoutSeconds: aws.Int32(2), HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(2),
	})
	e.must(err)
	arn := group.TargetGroups[0].TargetGroupArn
	_, err = balancers.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: arn}},
	})
	e.must(err)
	_, err = balancers.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: arn, Targets: []types.TargetDescription{{Id: &server}}})
	e.must(err)
	wait := func(want string) {
		t.Helper()
		got := ""
		for deadline := time.Now().Add(estatePatience); got != want; time.Sleep(50 * time.Millisecond) {
			out, err := balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: arn})
			e.must(err)
			health := out.TargetHealthDescriptions[0].TargetHealth
			got = fmt.Sprintf("%s %s", health.State, health.Reason)
			if time.Now().After(deadline) {
				t.Fatalf("the target is %q, want %q", got, want)
			}
		}
	}
	get := func(want int) {
		t.Helper()
		described, err := balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
		e.must(err)
		resp, err := http.Get("http://" + *described.LoadBalancers[0].DNSName + "/")
		e.must(err)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("the load balancer answers %d, want %d", resp.StatusCode, want)
		}
	}
	wait("healthy ")
	get(http.StatusOK)

	// The load balancer faces the internet, to which the rules of its callers speak.
	described, err := balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	e.must(err)
	caller := e.group("caller")
	askBalancer := fmt.Sprintf("curl -s --max-time 2 http://%s/; echo \"balancer: $?\"", *described.LoadBalancers[0].DNSName)
	e.wantConsole(e.launch("shut-in", "", caller, askBalancer), "balancer: 28\n")
	e.letOut(caller, 80, "0.0.0.0/0")
	time.Sleep(1100 * time.Millisecond) // rules are remembered for a second
	e.wantConsole(e.launch("caller", "", caller, askBalancer), "it is me\nbalancer: 0\n")

	private, _ := e.cloud.Servers.Get(server)
	ask := fmt.Sprintf(`
curl -s --max-time 2 http://%[1]s:8080/; echo "by address: $?"
curl -s --max-time 2 http://%[2]s:8080/; echo "by name: $?"
curl -s --max-time 2 http://%[1]s:8081/; echo "another port: $?"
`, private.Address, private.Name())
	e.wantConsole(e.launch("stranger", "", other, ask), "by address: 28\n", "by name: 28\n", "another port: 28\n")
	e.letIn(back, 8080, other)
	e.letIn(back, 8081, other)
	e.letOut(other, 8081, back)
	time.Sleep(1100 * time.Millisecond) // rules are remembered for a second
	e.wantConsole(e.launch("friend", "", other, ask), "it is me\nby address: 0\n", "it is me\nby name: 0\n", "another port: 7\n")

	_, err = e.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &back, IpPermissions: rule(8080, front)})
	e.must(err)
	wait("unhealthy Target.Timeout")
	http.DefaultClient.CloseIdleConnections()
	e.letIn(back, 8080, front)
	wait("healthy ")
	get(http.StatusOK)
}
