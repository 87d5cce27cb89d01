package strict

import (
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"example.com/webserver-cluster/tests/localaws/front"
)

// TestProperty makes random requests of the services that a deploy calls, each
// valid by the model, and then breaks one constraint: the first passes, and of
// the second the gate says what is wrong.
func TestProperty(t *testing.T) {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Fatal(err)
	}
	m, err := FindModels(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	for name, proto := range map[string]protocol{
		"autoscaling": query, "elbv2": query, "rds": query, "iam": query, "sns": query, "sts": query, "ec2": ec2,
		"dynamodb": awsJSON, "ssm": awsJSON, "logs": awsJSON, "kms": awsJSON, "secretsmanager": awsJSON, "resourcegroupstaggingapi": awsJSON, "cloudwatch": cborRPC,
	} {
		t.Run(name, func(t *testing.T) {
			s := serviceNamed(t, m, name)
			valid, broken := 0, 0
			for seed := range uint64(400) {
				r := rand.New(rand.NewPCG(seed, 0))
				names := sortedKeys(s.Operations)
				op := s.Operations[names[r.IntN(len(names))]]
				if op.Input == nil {
					continue
				}
				gen := &generator{checker: checker{service: s, proto: proto}, rand: r}
				input := gen.value(gen.shape(op.Input), "", 0)
				if input == nil {
					continue // a pattern that no sample matches
				}
				valid++
				if faults := judged(t, gen, op, input); len(faults) > 0 {
					t.Errorf("seed %d: %s refused: %v\n%v", seed, op.Name, faults, input)
				}
				if len(gen.breaks) == 0 {
					continue
				}
				broken++
				b := gen.breaks[r.IntN(len(gen.breaks))]
				b.apply()
				if faults := judged(t, gen, op, input); !slices.ContainsFunc(faults, func(f Fault) bool { return f.Path == b.path }) {
					t.Errorf("seed %d: %s, broken at %s (%s), passes: %v\n%v", seed, op.Name, b.path, b.how, faults, input)
				}
			}
			if valid < 100 || broken < 50 {
				t.Errorf("%d valid and %d broken requests are too few to show anything", valid, broken)
			}
		})
	}
}

func serviceNamed(t *testing.T, m *Models, name string) *service {
	t.Helper()
	index, err := m.index()
	if err != nil {
		t.Fatal(err)
	}
	for _, folders := range index {
		for _, folder := range folders {
			if strings.Contains(folder, "/"+name+"/") {
				s, err := m.service(folder)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		}
	}
	t.Fatalf("no model of %s", name)
	return nil
}

// judged writes the input in the service's protocol and returns what the model
// finds wrong with it.
func judged(t *testing.T, gen *generator, op *operation, input any) []Fault {
	t.Helper()
	r := &front.Request{HTTP: httptest.NewRequest("POST", "/", nil), Action: op.Name}
	sh := gen.shape(op.Input)
	switch gen.proto {
	case query, ec2:
		r.Params = url.Values{"Action": {op.Name}, "Version": {"1"}}
		gen.form(sh, op.Input, input, "", r.Params)
	case awsJSON:
		body, err := json.Marshal(gen.plain(sh, input, false))
		if err != nil {
			t.Fatal(err)
		}
		r.Body = body
	case cborRPC:
		r.Body = cbor.Encode(gen.plain(sh, input, true).(cbor.Value))
	}
	c := &checker{service: gen.service, proto: gen.proto}
	if read := c.input(op, r, nil); read != nil {
		c.check(sh, read, "")
	}
	return c.faults
}

// TestPatterns: every pattern of the services that a deploy calls can be read.
func TestPatterns(t *testing.T) {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Fatal(err)
	}
	m, err := FindModels(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"autoscaling", "cloudwatch", "dynamodb", "ec2", "elbv2", "iam", "kms", "logs", "rds", "resourcegroupstaggingapi", "s3", "secretsmanager", "sns", "ssm", "sts"} {
		s := serviceNamed(t, m, name)
		for _, key := range sortedKeys(s.Shapes) {
			if sh := s.Shapes[key]; sh.pattern != nil {
				if _, err := sh.pattern(); err != nil {
					t.Errorf("%s %s: %v", name, key, err)
				}
			}
		}
	}
}
