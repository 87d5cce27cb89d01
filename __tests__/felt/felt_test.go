package felt

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/tests/localaws"
)

var (
	full = flag.Bool("full", false, "every kind of change, not only some")
	only = flag.String("only", ".", "changes that are made: what their environment's name, a slash and theirs match")
)

// TestKinds deploys each kind of change while users and a client of the database call,
// and holds what they felt against what a review says before: by the code alone, and by
// the plan.
func TestKinds(t *testing.T) {
	wanted, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	world, err := Start(t.Context(), Options{Dir: filepath.Join(root, "build", "felt-test"), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Stop)
	chains := []Chain{ShortChain()}
	if *full {
		chains = Chains(hostedZone(t, world))
	}
	results := make([][]Result, len(chains))
	var mu sync.Mutex
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		table := Table(slices.Concat(results...))
		t.Logf("\n%s", table)
		if *full {
			if err := os.WriteFile(filepath.Join(root, "build", "kinds.md"), []byte(table), 0o644); err != nil {
				t.Error(err)
			}
		}
	})
	for i, chain := range chains {
		name := chain.Start.Environment.Name
		chain.Kinds = slices.DeleteFunc(slices.Clone(chain.Kinds), func(k Kind) bool {
			return !wanted.MatchString(name + "/" + k.Name)
		})
		if len(chain.Kinds) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, err := world.Deploy(t.Context(), chain.Start)
			if err != nil {
				t.Fatal(err)
			}
			current := chain.Start
			for _, k := range chain.Kinds {
				next := current
				k.Change(&next)
				r, err := env.try(t.Context(), k, next)
				if err != nil {
					t.Fatalf("%s: %v", k.Name, err)
				}
				t.Logf("%s: %v", k.Name, r.Measured)
				for _, fault := range r.Judge() {
					t.Errorf("%s: %s", k.Name, fault)
				}
				switch {
				case k.Back:
					if _, err := env.Apply(t.Context(), k.Name+", put back", current); err != nil {
						t.Fatal(err)
					}
				case r.Measured.Level() != review.Refused:
					current = next
				}
				mu.Lock()
				results[i] = append(results[i], r)
				mu.Unlock()
			}
		})
	}
}

// hostedZone makes the hosted zone of example.com. Ids are random, and on AWS begin with
// a Z, as Validate knows; moto's do so by chance.
func hostedZone(t *testing.T, w *World) (id string) {
	client := route53.NewFromConfig(w.Cloud.Config())
	for i := 0; !strings.HasPrefix(id, "Z"); i++ {
		zone, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
			Name: aws.String("example.com"), CallerReference: aws.String(fmt.Sprint("felt ", i)),
		})
		if err != nil {
			t.Fatal(err)
		}
		id = filepath.Base(*zone.HostedZone.Id)
	}
	return id
}

// try makes a change, and says of it what a review does.
func (e *Env) try(ctx context.Context, k Kind, c Config) (Result, error) {
	start := time.Now()
	m, err := e.Apply(ctx, k.Name, c)
	r := Result{Kind: k, Measured: m}
	if err == nil && m.After == nil {
		err = m.Refused // by the app, of which a review has nothing to say
	}
	if err != nil {
		return r, err
	}
	before, err := review.ParseStack(e.name, m.Before)
	if err != nil {
		return r, err
	}
	after, err := review.ParseStack(e.name, m.After)
	if err != nil {
		return r, err
	}
	r.Forecast = review.Judge(before, after, nil)
	r.Planned = r.Forecast
	if m.Plan != nil {
		plan, err := review.ParsePlan(after, m.Plan)
		if err != nil {
			return r, err
		}
		r.Planned = review.Judge(before, after, plan)
	}
	if k.Window {
		if m.Level() != review.Nothing {
			return r, fmt.Errorf("before its maintenance window, the change was felt: %v", m)
		}
		w, err := e.MaintenanceWindow(ctx)
		if err != nil {
			return r, err
		}
		r.Measured.add(w)
	}
	if k.Risk != nil {
		r.Risk = k.Risk(ctx, e)
	}
	e.world.log("%s: %s took %v in all", e.name, k.Name, time.Since(start).Round(time.Second))
	return r, errors.Join(ctx.Err())
}

// add adds what was felt later of the same change.
func (m *Measured) add(w Measured) {
	m.Requests += w.Requests
	m.Failed += w.Failed
	m.Failures = append(m.Failures, w.Failures...)
	m.Lowest = min(m.Lowest, w.Lowest)
	m.Replaced += w.Replaced
	if m.Database != nil && w.Database != nil {
		m.Database.Queries += w.Database.Queries
		m.Database.Failed += w.Database.Failed
		m.Database.Gap, m.Database.GapOnAWS = max(m.Database.Gap, w.Database.Gap), max(m.Database.GapOnAWS, w.Database.GapOnAWS)
		m.Database.DataLost = m.Database.DataLost || w.Database.DataLost
	}
}
