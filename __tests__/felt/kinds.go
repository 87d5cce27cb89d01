package felt

import (
	"context"

	"example.com/webserver-cluster/internal/review"
)

// Kind is a kind of change, and what users feel of it.
type Kind struct {
	Name   string
	Change func(*Config)
	Level  review.Level
	// Short has the kind in every run of the tests, not only in a full one: there, all such
	// kinds are changes of one environment.
	Short bool
	// Window has the maintenance window come after the deploy: the change waits for it.
	Window bool
	// Back has the environment put back afterwards, without a measurement.
	Back bool
	// Risk shows after a change that puts data at risk that the data, or what guards it,
	// is gone. Nil: the client of the database sees it.
	Risk func(ctx context.Context, e *Env) error
}

// Chain is an environment and changes of it, one after the other. What is refused leaves
// the environment as it was for the next one.
type Chain struct {
	Start Config
	Kinds []Kind
}

// Chains are all kinds of change. zone is a hosted zone for the names in example.com.
func Chains(zone string) []Chain {
	return []Chain{
		{Small("stage", 10), fleetKinds},
		{Small("prod", 20), databaseKinds},
		{careStart(), careKinds},
		{networkStart(), networkKinds},
		{frontStart(), frontKinds(zone)},
	}
}

// ShortChain is one environment with the kinds that are in every run of the tests.
func ShortChain() Chain {
	short := Chain{Start: Small("stage", 10)}
	for _, chain := range Chains("") {
		for _, k := range chain.Kinds {
			if k.Short {
				short.Kinds = append(short.Kinds, k)
			}
		}
	}
	return short
}

// cluster makes a change of the cluster.
func cluster(change func(*clusterProps)) func(*Config) {
	return func(c *Config) { change(&c.Environment.Cluster) }
}
