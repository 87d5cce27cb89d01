// Package balancer runs the application load balancers of the local AWS for
// real: it listens for HTTP, checks its targets' health, spreads requests over
// the healthy ones and drains those that are deregistered.
//
//	client ──> listener ──> default action ──> target group ──> target (Config.Dial)
//
// Load balancers, listeners, target groups, their attributes and their targets
// are those of the fake AWS behind the front, read again whenever a client
// changes something, and the targets once a second. What the balancer sees is
// what DescribeTargetHealth answers.
//
// Periods (health checks, draining, time-outs) are AWS time, see package clock.
//
// # Where it listens
//
// A load balancer has an address of its own, 127.0.2.N, and listens there on the
// ports of its listeners. Where those are not allowed (ports below 1024 without
// root) it listens on free ports instead, and says so; its DNS name then is
// address:port of the listener with the lowest port, so that http://DNSNAME
// works in both cases. Where there is no address but 127.0.0.1 (macOS), all load
// balancers have that one, and free ports. Nothing resolves names that only exist here.
//
// # Metrics
//
// Once an AWS minute the CloudWatch alarms on target groups' metrics (request
// count, 5xx counts, healthy and unhealthy hosts) are evaluated and set.
//
// # What is left out
//
// Listener rules beside the default action, HTTP/2, WebSockets' idle time-outs,
// authentication, sticky sessions, zones: there is one load balancer node, which
// sees all targets.
//
// The rules are AWS's own, from the User Guide for Application Load Balancers,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/, and cited
// where they stand.
package balancer
