package fuzz_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// draw makes choices of bytes, so that Go's fuzzing, which mutates bytes, mutates
// choices. Where there are no more bytes, each choice is the first one: a default.
type draw struct {
	bytes []byte
	// odd is how many of 256 fields get a value that may break a rule.
	odd int
	// script says that the field is for a script, in which Terraform reads nothing.
	script bool
}

// newDraw starts with how odd the stack is to be: what has a fault in each of its
// fields is refused and shows nothing.
func newDraw(bytes []byte) *draw {
	d := &draw{bytes: bytes}
	d.odd = []int{6, 0, 12, 40}[d.below(4)]
	return d
}

// seeded are the bytes of the seed of this number.
func seeded(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	bytes := make([]byte, 1024)
	for i := range bytes {
		bytes[i] = byte(r.Uint32())
	}
	return bytes
}

func (d *draw) next() byte {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return b
}

// below is a number from 0 to n-1, n at most 65536.
func (d *draw) below(n int) int {
	if n <= 256 {
		return int(d.next()) % n
	}
	return int(binary.LittleEndian.Uint16([]byte{d.next(), d.next()})) % n
}

func (d *draw) isOdd() bool { return int(d.next()) > 255-d.odd }

func pick[T any](d *draw, from ...T) T { return from[d.below(len(from))] }

// fill gives the fields of a struct their values, by the lists in values. Those of
// leave keep what they have.
func (d *draw) fill(pointer any, leave ...string) {
	v := reflect.ValueOf(pointer).Elem()
fields:
	for i := range v.NumField() {
		field := v.Type().Field(i)
		for _, name := range leave {
			if name == field.Name {
				continue fields
			}
		}
		list, ok := values[v.Type().Name()+"."+field.Name]
		if !ok && field.Type.Kind() == reflect.Bool {
			list, ok = []any{false, true}, true
		}
		if !ok {
			panic(fmt.Sprintf("values has no list for %v.%s", v.Type(), field.Name))
		}
		d.script = field.Name == "UserData" || v.Type().Name() == "Application" || field.Name == "ServerText"
		good := reflect.ValueOf(pick(d, list...))
		odd := d.isOdd()
		for range 3 { // names become so much else that they are odd more often
			odd = odd || field.Name == "Name" && d.isOdd()
		}
		if odd {
			v.Field(i).Set(d.oddOf(field.Type, good.Convert(field.Type)))
		} else {
			v.Field(i).Set(good.Convert(field.Type))
		}
	}
}

// oddOf is a value of a type that is near a good one or far from any.
func (d *draw) oddOf(t reflect.Type, good reflect.Value) reflect.Value {
	odd := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[time.Duration]():
		odd.SetInt(int64(pick(d, time.Duration(good.Int())+time.Second, time.Duration(good.Int())-time.Second, 0, 1, -1, -time.Second,
			time.Second, 10*time.Second, time.Minute, 300*time.Second, time.Hour, 4000*time.Second, 48*time.Hour, 1500*time.Millisecond,
			time.Duration(d.below(5000))*time.Second, math.MaxInt64, math.MinInt64)))
	case t.Kind() == reflect.Bool:
		odd.SetBool(!good.Bool())
	case t.Kind() == reflect.Int:
		odd.SetInt(int64(pick(d, int(good.Int())+1, int(good.Int())-1, 0, 1, -1, 2, 100, 101, 1024, 65535, 65536, 10000,
			d.below(65536), math.MaxInt32, math.MaxInt32+1, math.MaxInt64, math.MinInt64)))
	case t.Kind() == reflect.String:
		odd.SetString(d.oddText(good.String()))
	case t.Kind() == reflect.Slice:
		odd = d.oddList(good)
	case t.Kind() == reflect.Func:
		return good
	case t.Kind() == reflect.Pointer:
		odd.Set(reflect.New(t.Elem()))
		d.fill(odd.Interface())
	case t.Kind() == reflect.Struct:
		d.fill(odd.Addr().Interface())
	case t.Kind() == reflect.Map:
		odd.Set(reflect.MakeMap(t))
		for _, key := range good.MapKeys() {
			odd.SetMapIndex(key, good.MapIndex(key))
		}
		if d.below(4) == 0 {
			for i := range pick(d, 1, 38, 39, 40, 41, 49, 51) {
				odd.SetMapIndex(reflect.ValueOf(fmt.Sprint("Key", i)), reflect.ValueOf(fmt.Sprint(i)))
			}
		}
		odd.SetMapIndex(reflect.ValueOf(d.oddText("Team")), reflect.ValueOf(pick(d, "web", d.oddText("web"))))
	default:
		panic(fmt.Sprintf("no odd values of %v", t))
	}
	return odd
}

// oddList is a good list with an element that is odd, or there twice.
func (d *draw) oddList(good reflect.Value) reflect.Value {
	odd := reflect.AppendSlice(reflect.MakeSlice(good.Type(), 0, good.Len()+1), good)
	if odd.Len() == 0 {
		odd = reflect.Append(odd, reflect.Zero(good.Type().Elem()))
	}
	i := d.below(odd.Len())
	switch element := odd.Index(i); {
	case d.below(4) == 0:
		return reflect.Append(odd, element)
	case element.Kind() == reflect.Struct:
		d.odd = 128
		d.fill(element.Addr().Interface())
		d.odd = 6
	default:
		element.Set(d.oddOf(element.Type(), element))
	}
	return odd
}

// pieces are texts on which something that reads text could stumble.
var pieces = []string{
	"", " ", "-", "--", "_", ".", "/", ":", "*", ",", "#", "0", "A", "a", "é", "ß", "日本", "😀", "\u00a0", "\u202e", "\ufeff", "e\u0301",
	`"`, `'`, "`", `\`, `\n`, "\n", "\r\n", "\t", "\x00", "\x1b", "\x7f", "\u2028", "\xff", "$", "%", "{", "}", "$$", "%%",
	reference, "${", "${}", "%{", "%{ if true }", "$${a}", "${no_such.thing.id}", "%%{", "${a", "}",
	"@NAME@", "PAGE", "SERVER", "<b>", "&amp;", "aws", "aws:", "sg-", "ssm", "internal-", "xn--", "-s3alias", "//", "../", "null", "true", "%d", "%s", "%!",
}

// oddText is a text that nearTo makes. What stands between ${ and } the project leaves
// to Terraform, so that there is none but reference, except in a script.
func (d *draw) oddText(good string) string {
	odd := d.nearTo(good)
	if rest := strings.ReplaceAll(odd, reference, ""); !d.script && strings.Contains(rest, "${") {
		return strings.ReplaceAll(odd, "${", "{")
	}
	if !d.script && strings.Contains(odd, reference) {
		return strings.ReplaceAll(odd, "%{", "{")
	}
	return odd
}

// nearTo is a good text with something in it, or cut, or of a length at which some
// rule begins or ends, or nothing like it.
func (d *draw) nearTo(good string) string {
	characters := []rune(good)
	at := d.below(len(characters) + 1)
	switch d.below(6) {
	case 0:
		return pick(d, pieces...)
	case 1:
		return string(characters[:at]) + pick(d, pieces...) + string(characters[at:])
	case 2:
		return good + pick(d, pieces...)
	case 3:
		return pick(d, strings.ToUpper(good), string(characters[:at]), string(characters[at:]), good+good)
	case 4:
		n := pick(d, 1, 2, 3, 6, 7, 31, 32, 33, 37, 38, 39, 62, 63, 64, 65, 100, 128, 129, 199, 200, 201, 255, 256, 257, 1024, 1025, 16000, 16384, 16385)
		filler := pick(d, "a", "a", "1", "é", "a-", "/a")
		for utf8.RuneCountInString(good) < n {
			good += filler
		}
		return string([]rune(good)[:n])
	default:
		random := make([]byte, d.below(12))
		for i := range random {
			random[i] = d.next()
		}
		return string(random)
	}
}
