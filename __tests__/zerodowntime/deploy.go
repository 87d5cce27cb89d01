package zerodowntime

import (
	"context"
	"path/filepath"
	"time"

	"example.com/webserver-cluster/tests/workcopy"
)

// defaultPerson is who deploys where there is only one.
const defaultPerson = "first"

// Deploy is a finished deploy.
type Deploy struct {
	Start  time.Time
	Took   time.Duration
	Output string
	Err    error
}

// Deploy has the first person run cdktf deploy stage with a configuration. Each
// line that it prints goes to watch.
func (s *Stage) Deploy(ctx context.Context, watch func(string), c Config) Deploy {
	return s.DeployAs(ctx, defaultPerson, watch, c)
}

// DeployAs is Deploy by a person with a copy of the project of their own.
func (s *Stage) DeployAs(ctx context.Context, person string, watch func(string), c Config) Deploy {
	start := time.Now()
	p, err := s.prepare(person, c)
	var output string
	if err == nil {
		output, err = p.Cdktf(ctx, watch, "deploy", "stage", "--auto-approve")
	}
	return Deploy{Start: start, Took: time.Since(start), Output: output, Err: err}
}

// prepare has a person's copy of the project hold a configuration.
func (s *Stage) prepare(person string, c Config) (*workcopy.Copy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projects[person]
	if p == nil {
		var err error
		if p, err = workcopy.New(filepath.Join(s.dir, person), s.env); err != nil {
			return nil, err
		}
		s.projects[person] = p
	}
	return p, c.write(p)
}
