package fuzz_test

import (
	"errors"
	"flag"
	"reflect"
	"testing"
)

var seeds = flag.Int("seeds", 30, "how many seeds, by number, a fuzz test runs besides those in testdata")

func FuzzEnvironment(f *testing.F) { fuzz(f, drawEnvironment) }

func FuzzOwnStack(f *testing.F) { fuzz(f, drawOwn) }

func fuzz(f *testing.F, draw func(*draw) sample) {
	f.Add([]byte{})
	for seed := range uint64(*seeds) {
		f.Add(seeded(seed))
	}
	drawn, accepted := 0, 0
	f.Fuzz(func(t *testing.T, bytes []byte) {
		s := draw(newDraw(bytes))
		_, err := check(s)
		drawn++
		if errors.Is(err, errRefused) {
			return
		}
		accepted++
		if err != nil {
			t.Errorf("%v\n%s", err, literal(reflect.ValueOf(s), ""))
		}
	})
	// Where Go looks for more, other processes call the function above.
	f.Logf("%d of %d samples accepted", accepted, drawn)
	if drawn > *seeds && accepted*5 < drawn {
		f.Errorf("%d of %d samples accepted: too few for the test to show anything", accepted, drawn)
	}
}
