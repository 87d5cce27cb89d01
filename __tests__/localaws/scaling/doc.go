// Package scaling gives the local AWS Auto Scaling groups that behave as
// AWS's do: instances have a life cycle, unhealthy ones are replaced, and an
// instance refresh rolls a group over to another launch template version.
//
// The division of labour: moto keeps a group's settings (its template,
// subnets, target groups, health check type, tags), but always with a capacity
// of 0, so that it launches nothing by itself. The Engine keeps the capacity
// and the instances; it launches and ends them in moto's EC2 and puts them into the answers.
// What other parts of the local AWS may change, target health and instance
// states, it asks for through the front, as AWS would ask its other services.
//
// Every AWS second the engine looks at all groups and takes the next step of
// each: see Engine.tick. In package world, AWS is in memory, time is simulated and
// the engine looks only when something is due: the same rules, without HTTP. A step is decided on values alone (group.step and what
// it calls) and carried out afterwards, without the lock.
//
// Each rule cites the page that documents it. Where AWS documents a behaviour
// but not its duration or its exact words, the comment says so. Pages:
//
//   - How an instance refresh works: https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
//   - Its preferences: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
//   - Its states and progress: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
//   - The life of an instance: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
//
// Not simulated: launch configurations, attaching instances, weights and
// attribute-based selection of mixed instances policies, notifications of lifecycle
// hooks, hibernation and reuse in warm pools, replacing root volumes, termination
// policies in Lambda, scaling policies that react to metrics (ExecutePolicy works).
package scaling
