package fuzz_test

import (
	"errors"
	"reflect"
	"testing"
)

// seeds is how many numbered seeds a fuzz test runs besides those in testdata.
const seeds = 40

func FuzzEnvironment(f *testing.F) { fuzz(f, drawEnvironment) }

func FuzzOwnStack(f *testing.F) { fuzz(f, drawOwn) }

func fuzz(f *testing.F, draw func(*draw) sample) {
	f.Add([]byte{})
	for seed := range uint64(seeds) {
		f.Add(seeded(seed))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		s := draw(newDraw(bytes))
		_, err := check(s)
		if err != nil && !errors.Is(err, errRefused) {
			t.Errorf("%v\n%s", err, literal(reflect.ValueOf(s), ""))
		}
	})
}
