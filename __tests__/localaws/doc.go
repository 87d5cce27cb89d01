// Package localaws runs an AWS on this machine, for a demo or a test: moto, a
// fake AWS in Python, and before it a front that closes moto's gaps.
//
//	Terraform, cdktf, aws CLI, SDKs ──> front (this process) ──> moto (child process)
//
// Nothing leaves the machine and no account is needed. All state is in memory
// and gone after Stop.
//
//	cloud, err := localaws.Start(ctx, localaws.Options{})
//	if err != nil { … }
//	defer cloud.Stop()
//	cmd := exec.CommandContext(ctx, "cdktf", "deploy", "stage")
//	cmd.Env = append(os.Environ(), cloud.Environ()...)
//
// # As strict as AWS
//
// Before anything answers a request, a gate judges it by AWS's own service models
// and by what AWS's documentation adds to them (see package strict, and
// refusals.go for what depends on what there is). What AWS refuses is refused,
// with AWS's code and words; Options.Log tells each, and AWS.Refused lists them.
//
// # Instances
//
// With Options.Servers instances are real, and as alone as on AWS:
//
//	instance ──> metadata (169.254.169.254): who it is, its role's credentials
//	         ──> AWS's services ──> IAM (package access) ──> the front
//	         ──> databases, load balancers, other instances
//
// Who they are and what their role may do, the instance metadata service (package
// metadata) and IAM tell; whom they reach, and who reaches them, the rules of
// security groups (package firewall). Network is what is between them. There is
// no internet.
//
// Clients on this machine call a load balancer that faces the internet from a public
// address, Options.Client, and its security groups have to let that in.
//
// What has a public address, AWS's services among them, is reached only from a subnet whose
// route table has a way out, such as a NAT gateway.
//
// Not judged: network ACLs, other routes, and who on this machine calls an internal load
// balancer.
//
// # Adding to it
//
// What moto lacks or gets wrong is closed in the front, per action, at the
// level of AWS's public protocols, so that clients run unmodified: small gaps
// in the files gaps*.go here, what has a life of its own in packages (scaling:
// Auto Scaling groups and instance refresh; servers: instances as processes;
// balancer: load balancers). All of them
//
//   - register the actions they answer or amend with Front.Handle (see package
//     front),
//   - read and change moto's state through SDK clients made from MotoConfig,
//   - end what they started in a function given to AtStop.
package localaws
