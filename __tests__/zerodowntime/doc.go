// Package zerodowntime shows that users notice nothing of a new image, and
// nothing of a bad one. It deploys stage onto a local AWS with real servers and
// a real load balancer, puts load on it, deploys changes with the cdktf CLI and
// counts what users get:
//
//	load ──> load balancer ──> servers      cdktf deploy ──> Terraform ──> local AWS
//
// What is deployed is made of the project's parts (package literal): a small environment
// whose image, text and overrides each deploy sets.
//
// # Time
//
// Most of a rollout is waiting: for warm-ups, health checks, connections to
// drain. AWS's time therefore runs faster here than the real one, by
// Options.TimeFactor; every figure says which of the two it is. Servers, proxies
// and Terraform are real and take real time. What a fast AWS leaves them is the
// slack of this proof: at DefaultTimeFactor the load balancer waits 3 s, not 30 s,
// for an answer, and a draining server has 4.5 s, not 45 s, for its last ones.
// That is far above what the requests here take, also on a busy machine. No
// assertion has slack: a failed request is a failed request.
package zerodowntime
