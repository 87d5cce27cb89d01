// Package felt deploys changes of an environment for real, with Terraform and the AWS
// provider on a local AWS, while users and a client of the database call it, and says
// what they felt:
//
//	world, err := felt.Start(ctx, felt.Options{Dir: dir})
//	env, err := world.Deploy(ctx, felt.Small("stage", 10))
//	next := felt.Small("stage", 10)
//	next.Environment.Cluster.ServerText = "Hello again"
//	measured, err := env.Apply(ctx, "text", next)
//
// An environment is the project's own, made of a literal (package literal).
// Changes of one environment follow each other; environments with other names stand
// beside each other in one World, and their changes may run at the same time.
//
// Each change leaves what a forecast is made of: the synthesized JSON before and after it,
// and the plan.
//
// AWS's time runs faster than the real one, though not as fast as in package zerodowntime,
// whose users these are.
package felt
