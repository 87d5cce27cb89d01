package state_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/state"
)

// parse reads a state whose resources are given as TYPE.NAME=ID.
func parse(t *testing.T, serial int, resources ...string) *state.File {
	t.Helper()
	var entries []string
	for _, r := range resources {
		address, id, _ := strings.Cut(r, "=")
		kind, name, _ := strings.Cut(address, ".")
		entries = append(entries, fmt.Sprintf(`{"mode": "managed", "type": %q, "name": %q, "provider": "p", "instances": [{"schema_version": 1, "attributes": {"id": %q, "n": 12345678901234567890}}]}`, kind, name, id))
	}
	f, err := state.Parse(fmt.Appendf(nil, `{"version": 4, "terraform_version": "1.11.4", "serial": %d, "lineage": "l", "outputs": {}, "resources": [%s], "later": {"kept": true}}`,
		serial, strings.Join(entries, ",")))
	must(t, err)
	return f
}

func TestAdd(t *testing.T) {
	f := parse(t, 7, "aws_vpc.a=1", "aws_vpc.b=2")
	more, err := f.Add(parse(t, 1, "aws_vpc.b=3"), parse(t, 1, "aws_subnet.c=4"))
	must(t, err)
	if more.Serial != 8 || more.Lineage != "l" {
		t.Errorf("serial %d, lineage %s", more.Serial, more.Lineage)
	}
	var got []string
	for _, r := range more.Resources {
		got = append(got, r.Address+"="+r.ID+map[bool]string{true: " deposed"}[r.Deposed != ""])
	}
	if want := "aws_subnet.c=4 aws_vpc.a=1 aws_vpc.b=3 deposed aws_vpc.b=2"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %v", got, want)
	}
	// What this project does not know of the format stays, to the last digit.
	for _, want := range []string{`"kept": true`, "12345678901234567890", `"schema_version": 1`} {
		if !strings.Contains(string(more.Bytes()), want) {
			t.Errorf("%s is gone:\n%s", want, more.Bytes())
		}
	}
	if !json.Valid(more.Bytes()) {
		t.Errorf("no JSON:\n%s", more.Bytes())
	}
}

// A deploy that replaces something was killed after it wrote down that the old object goes:
// the new one, found, is the one that stays.
func TestAddBesideDeposed(t *testing.T) {
	f, err := state.Parse([]byte(`{"version": 4, "serial": 1, "lineage": "l", "resources": [{"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "p",
		"instances": [{"deposed": "12345678", "attributes": {"id": "old"}}]}]}`))
	must(t, err)
	more, err := f.Add(parse(t, 1, "aws_vpc.a=new"))
	must(t, err)
	if got := fmt.Sprint(more.Resources); got != "[aws_vpc.a (deposed, id old) aws_vpc.a (id new)]" {
		t.Error(got)
	}
}

func TestCompare(t *testing.T) {
	forgotten, resurrected := state.Compare(parse(t, 2, "aws_vpc.a=1", "aws_vpc.b=2"), parse(t, 1, "aws_vpc.a=9", "aws_vpc.b=2"))
	if got := fmt.Sprint(forgotten, resurrected); got != "[aws_vpc.a (id 1)] [aws_vpc.a (id 9)]" {
		t.Error(got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, content := range []string{"", "{}", "[]", `{"version": 3, "lineage": "l"}`, `{"version": 4}`, `{"version": 4, "lineage": "l", "resources": 1}`} {
		if _, err := state.Parse([]byte(content)); err == nil || !strings.Contains(err.Error(), "no Terraform state") {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// A version is named by its serial, its id, or the start of that.
func TestFind(t *testing.T) {
	object := func(serial int) *state.Object { return &state.Object{File: parse(t, serial)} }
	versions := []state.Version{
		{ID: "gone1234", Deleted: true},
		{ID: "abcdef01", Object: object(12)},
		{ID: "abcdef02", Object: object(11)},
		{ID: "other003", Object: object(11)},
	}
	for name, want := range map[string]string{
		"12": "abcdef01", "abcdef02": "abcdef02", "othe": "other003",
		"11": `"11" means 2 versions`, "abcd": `"abcd" means 2 versions`, "99": `no version "99"`, "gone1234": "is a deletion", "abc": `no version "abc"`,
	} {
		v, err := state.Find(versions, name)
		if got := v.ID + fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
