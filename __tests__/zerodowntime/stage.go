package zerodowntime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
	"example.com/webserver-cluster/tests/workcopy"
)

// DefaultTimeFactor makes two minutes of warm-up 12 s, and leaves real servers
// and proxies the time that package's doc names.
const DefaultTimeFactor = 10

// Options of a Stage.
type Options struct {
	Dir        string                           // for the copy of the project and logs; emptied first
	TimeFactor float64                          // how fast AWS's time runs; default DefaultTimeFactor
	Log        func(format string, args ...any) // told, line by line, what takes a while; default nobody
	Watch      func(line string)                // gets the output of the first deploy; default nobody
}

// Stage is a deployed stage that users call.
type Stage struct {
	Cloud *localaws.AWS
	URL   string // where its load balancer answers

	dir      string
	lock     *os.File
	env      []string
	settings project.Settings
	group    string
	page     string // in every good answer
	streams  []stream
	hosts    map[string][]string // see Resolve
	fleet    fleet
	provider *provider.Process

	mu       sync.Mutex
	projects map[string]*workcopy.Copy // by the person who works in it
}

// Start starts a local AWS and deploys stage onto it, which takes two minutes:
// the AWS provider polls a new load balancer or database only every so often.
func Start(ctx context.Context, o Options) (_ *Stage, err error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	root, err := localaws.AppDir()
	if err != nil {
		return nil, err
	}
	lock, err := empty(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Stage{lock: lock, dir: o.Dir, page: page, streams: streams, projects: map[string]*workcopy.Copy{}}
	if s.settings, err = project.Load(root); err != nil {
		return nil, err
	}
	// It outlives ctx: an interrupted Terraform still wants to unlock its state.
	s.Cloud, err = localaws.Start(context.WithoutCancel(ctx), localaws.Options{
		Region:     s.settings.Region,
		TimeFactor: cmp.Or(o.TimeFactor, DefaultTimeFactor),
		Servers:    true,
		OnEvent:    s.fleet.note,
		Log:        o.Log,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	// The command rollout looks as often as it would on AWS.
	s.env = append(s.Cloud.Environ(), provider.LessGC, fmt.Sprint("ROLLOUT_POLL=", s.Cloud.Clock.Real(5*time.Second)))
	for id, image := range images(s.Cloud.Clock) {
		s.Cloud.Servers.SetImage(id, image)
	}
	if err := MakeStateStore(ctx, s.Cloud, s.settings); err != nil {
		return nil, err
	}
	o.Log("deploying stage for the first time, which takes two minutes")
	if first := s.Deploy(ctx, o.Watch, Config{Image: FirstImage}); first.Err != nil {
		return nil, fmt.Errorf("the first deploy of stage: %w\n%s", first.Err, first.Output)
	}
	if err := s.startProvider(); err != nil {
		return nil, err
	}
	return s, s.readOutputs(ctx)
}

// startProvider has the deploys that follow use a provider that runs. All have the
// same provider block.
func (s *Stage) startProvider() (err error) {
	first := s.projects[defaultPerson]
	if s.provider, err = provider.Start(filepath.Join(first.Dir, "cdktf.out", "stacks", "stage"), first.Env); err != nil {
		return err
	}
	s.env = append(s.env, s.provider.Environ()...)
	first.Env = append(first.Env, s.provider.Environ()...)
	return nil
}

// Stop ends everything.
func (s *Stage) Stop() {
	if s.provider != nil {
		s.provider.Stop()
	}
	s.Cloud.Stop()
	s.lock.Close()
}

// empty makes dir an empty folder that is this run's alone until the returned
// file is closed.
func empty(dir string) (lock *os.File, err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if lock, err = os.Create(dir + ".lock"); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s: another run is using it (%w)", dir, err)
	}
	return lock, errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755))
}

// MakeStateStore makes what the state stack makes, without its minute.
func MakeStateStore(ctx context.Context, cloud *localaws.AWS, settings project.Settings) error {
	_, err := s3.NewFromConfig(cloud.Config()).CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: &settings.StateBucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{
			LocationConstraint: s3types.BucketLocationConstraint(settings.Region),
		},
	})
	if err != nil {
		return err
	}
	_, err = dynamodb.NewFromConfig(cloud.Config()).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &settings.LockTable,
		BillingMode:          dynamodbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: aws.String("LockID"), AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: aws.String("LockID"), KeyType: dynamodbtypes.KeyTypeHash}},
	})
	return err
}

func (s *Stage) readOutputs(ctx context.Context) error {
	p := s.projects[defaultPerson]
	const file = "outputs.json"
	if output, err := p.Cdktf(ctx, nil, "output", "stage", "--skip-synth", "--outputs-file", file); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	content, err := os.ReadFile(filepath.Join(p.Dir, file))
	if err != nil {
		return err
	}
	var outputs map[string]struct {
		URL   string `json:"url"`
		Group string `json:"autoscaling_group_name"`
	}
	if err := json.Unmarshal(content, &outputs); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	s.URL, s.group = outputs["stage"].URL, outputs["stage"].Group
	if s.URL == "" || s.group == "" {
		return fmt.Errorf("cdktf output stage has no url or no autoscaling_group_name: %s", content)
	}
	return nil
}
