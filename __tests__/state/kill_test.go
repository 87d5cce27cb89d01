package state_test

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// kill is a point in the course of a command at which it is killed.
type kill struct {
	name string
	at   func(c call) bool
	// acted: AWS has done what the call asks for; nobody hears of it.
	acted bool
	// digest: the digest is left behind the state.
	digest bool
	// cli: the next to deploy is the CLI, without -long, too; else Terraform, whose words
	// the CLI prints.
	cli bool
}

const (
	sawLock   = "Error acquiring the state lock"
	sawDigest = "state data in S3 does not have the expected content"
)

func isPut(suffix string) func(call) bool {
	return func(c call) bool {
		return c.Service == "s3" && c.Action == http.MethodPut && strings.HasSuffix(c.Object, suffix)
	}
}

func isItem(action, suffix string) func(call) bool {
	return func(c call) bool { return c.Action == action && strings.HasSuffix(c.Object, suffix) }
}

func is(action string) func(call) bool { return func(c call) bool { return c.Action == action } }

// Any apply comes by these points …
var stateKills = []kill{
	{name: "half of the lock taken", at: isPut(".tflock"), acted: true, cli: true},
	{name: "lock taken", at: isItem("PutItem", "/terraform.tfstate"), acted: true},
	{name: "state on its way", at: isPut("/terraform.tfstate")},
	{name: "state written, digest not", at: isPut("/terraform.tfstate"), acted: true, digest: true, cli: true},
	{name: "all written, lock not released", at: isItem("PutItem", "-md5"), acted: true},
	{name: "half of the lock released", at: func(c call) bool { return c.Service == "s3" && c.Action == http.MethodDelete }, acted: true},
}

// … and one of servers by these, too.
var resourceKills = []kill{
	{name: "nearly all made", at: is("CreateAutoScalingGroup"), acted: true, cli: true},
	{name: "first resource made, nobody told", at: is("CreateVpc"), acted: true},
	{name: "first resource asked for", at: is("CreateVpc")},
	{name: "instance profile made", at: is("CreateInstanceProfile"), acted: true},
	{name: "some made", at: is("CreateLaunchTemplate"), acted: true},
}

// killedAt runs an apply of a stack and kills it at a point.
func (p *project) killedAt(stack string, k kill) {
	p.t.Helper()
	p.killedIn(k, func() *process { return p.apply(stack) })
}

// killedIn starts a process and kills it at a point, with the provider that it has
// started: one that runs already would end what it was asked for.
func (p *project) killedIn(k kill, start func() *process) {
	p.t.Helper()
	running := p.provider
	p.provider = nil
	defer func() { p.provider = running }()
	var proc *process
	started := make(chan struct{})
	var reached atomic.Bool
	p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
		if !k.at(c) || !reached.CompareAndSwap(false, true) {
			pass()
			return
		}
		if k.acted {
			pass()
		}
		<-started
		proc.kill()
	})
	proc = start()
	close(started)
	<-proc.ended
	p.wire.watch(nil)
	if !reached.Load() {
		p.t.Fatalf("it ended without reaching the point %q:\n%s", k.name, proc.said())
	}
}

// deploys deploys a stack as the CLI does, by its way from an init to an apply, or has
// the CLI do it, which takes three seconds of CPU to start.
func (p *project) deploys(stack string, cli bool) (string, int) {
	p.t.Helper()
	if cli || *long {
		return p.cdktf("deploy", stack, "--auto-approve").result()
	}
	if output, status := p.terraform(stack, "init", "-input=false"); status != 0 {
		return output, status
	}
	return p.apply(stack).result()
}

// repaired kills an apply of stage at a point and repairs what it left. It returns
// how many resources were imported.
func (p *project) repaired(k kill) int {
	p.t.Helper()
	p.killedAt("stage", k)
	// What the next user sees, and what they do about it:
	saw, repaired := sawLock, "is unlocked"
	if k.digest { // a deploy begins with an init, which reads the state
		saw, repaired = sawDigest, "The digest in the lock table did not match the state in the bucket: repaired."
	}
	p.want(1, saw)(p.deploys("stage", k.cli))
	output := p.want(0, "stage is locked: by "+me(), repaired, "stage is unlocked")(p.state("unlock", "stage", "--yes"))
	p.want(0)(p.apply("stage").result())
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
	if n := p.locks("stage"); n != 0 {
		p.t.Errorf("there are %d locks", n)
	}
	return strings.Count(output, " imported")
}
