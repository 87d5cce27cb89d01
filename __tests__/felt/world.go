package felt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/literal"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/event"
	"example.com/webserver-cluster/tests/localaws/mysql"
	"example.com/webserver-cluster/tests/provider"
	"example.com/webserver-cluster/tests/workcopy"
	"example.com/webserver-cluster/tests/zerodowntime"
)

// DefaultTimeFactor makes two minutes of a grace period 20 s, in which an instance has to
// boot in real time: with a database it asks AWS's CLI more than once, for seconds of a
// processor that several environments share.
const DefaultTimeFactor = 6

// Options of a World.
type Options struct {
	Dir        string                           // for a copy of the project and what changes leave; emptied first
	TimeFactor float64                          // how fast AWS's time runs; default DefaultTimeFactor
	Log        func(format string, args ...any) // told, line by line, what takes a while; default nobody
}

// World is a local AWS that environments are deployed onto.
type World struct {
	Cloud *localaws.AWS

	dir      string // of what changes leave
	copy     *workcopy.Copy
	app      string // program that synthesizes
	settings project.Settings
	log      func(string, ...any)

	mu   sync.Mutex
	envs []*Env
}

// Start starts a local AWS with servers, load balancers and databases, and builds the
// app.
func Start(ctx context.Context, o Options) (_ *World, err error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if err := localaws.CheckTools(ctx); err != nil {
		return nil, err
	}
	root, err := localaws.AppDir()
	if err != nil {
		return nil, err
	}
	w := &World{dir: filepath.Join(o.Dir, "changes"), log: o.Log}
	if w.settings, err = project.Load(root); err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(o.Dir), os.MkdirAll(w.dir, 0o755)); err != nil {
		return nil, err
	}
	// It outlives ctx: an interrupted Terraform still wants to unlock its state.
	w.Cloud, err = localaws.Start(context.WithoutCancel(ctx), localaws.Options{
		Region:     w.settings.Region,
		TimeFactor: cmp.Or(o.TimeFactor, DefaultTimeFactor),
		Servers:    true,
		Databases:  mysql.Start,
		OnEvent:    w.note,
		Log:        o.Log,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.Stop()
		}
	}()
	if err := zerodowntime.MakeStateStore(ctx, w.Cloud, w.settings); err != nil {
		return nil, err
	}
	// The command rollout looks as often as it would on AWS.
	env := append(w.Cloud.Environ(), provider.LessGC, fmt.Sprint("ROLLOUT_POLL=", w.Cloud.Clock.Real(5*time.Second)))
	if w.copy, err = workcopy.New(filepath.Join(o.Dir, "project"), env); err != nil {
		return nil, err
	}
	if err := (literal.Literal{}).Write(w.copy.Dir); err != nil {
		return nil, err
	}
	w.app = filepath.Join(w.copy.Dir, "app")
	if output, err := workcopy.Run(w.copy.Command(ctx, "go", "build", "-o", w.app, "."), nil); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, output)
	}
	return w, nil
}

// note hands what happens to an instance to the environment that it belongs to.
func (w *World) note(e event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, env := range w.envs {
		if env.owns(e.Group) {
			env.users.Note(e)
		}
	}
}

// Stop ends everything.
func (w *World) Stop() {
	for _, env := range w.envs {
		env.stop()
	}
	w.Cloud.Stop()
}
