package fuzz_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// TestNamesAtTheirBounds gives each part each of some names, near the bounds of the
// rules for names: at random, one that is at fault seldom comes in a stack that has
// no other fault.
func TestNamesAtTheirBounds(t *testing.T) {
	names := []string{"A", "Web", "wEB", "web-", "-web", "w--b", "1web", "web_1", "web.1", "web 1", "wéb", "aws", "ssm-web", "sg-web", "internal-web", "xn--web", "web-s3alias"}
	for _, n := range []int{1, 2, 3, 31, 32, 33, 40, 63, 64, 200, 201, 255, 256} {
		names = append(names, strings.Repeat("a", n))
	}
	parts := map[string]func(*ownSample, string){
		"network":  func(s *ownSample, name string) { s.Network = &constructs.NetworkProps{Name: name, CIDR: "10.0.0.0/16"} },
		"database": func(s *ownSample, name string) { s.Database = &constructs.MySQLProps{Name: name} },
		"alerts":   func(s *ownSample, name string) { s.Alerts = &constructs.AlertsProps{Name: name} },
		"bucket": func(s *ownSample, name string) {
			s.Store = &constructs.StateStoreProps{BucketName: name, TableName: "locks"}
		},
		"table": func(s *ownSample, name string) {
			s.Store = &constructs.StateStoreProps{BucketName: "own-state", TableName: name}
		},
		"cluster": func(s *ownSample, name string) { s.Clusters[0].Props.Name, s.Clusters[0].Props.PinAMI = name, true },
	}
	accepted := 0
	for part, set := range parts {
		for _, name := range names {
			s := own(func(s *ownSample) { set(s, name) }).(*ownSample)
			if part != "cluster" {
				s.Clusters = nil
			}
			_, err := check(s)
			if errors.Is(err, errRefused) {
				continue
			}
			accepted++
			if err != nil {
				t.Errorf("%s: %v\n%s", fmt.Sprintf("%s %q", part, name), err, literal(reflect.ValueOf(s), ""))
			}
		}
	}
	if accepted < len(parts)*3 {
		t.Errorf("%d names accepted: too few for the test to show anything", accepted)
	}
	t.Logf("%d of %d names accepted", accepted, len(parts)*len(names))
}
