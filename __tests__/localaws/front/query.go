package front

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// DecodeQuery reads Query protocol parameters into v, a pointer to a struct
// whose fields are named as the parameters, which the SDK's own input structs
// are (autoscaling.StartInstanceRefreshInput). Lists are NAME.member.1 or
// NAME.1, structs NAME.FIELD. A parameter that v has no field for is ignored;
// an ill-formed value is a ValidationError.
//
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#input-parameters
func (r *Request) DecodeQuery(v any) error {
	return decodeStruct(r.Params, "", reflect.ValueOf(v).Elem())
}

func decodeStruct(params url.Values, prefix string, v reflect.Value) error {
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() {
			if err := decodeValue(params, prefix+field.Name, v.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeValue reads the parameter name, or those below it, into v.
func decodeValue(params url.Values, name string, v reflect.Value) error {
	if !present(params, name) {
		return nil
	}
	text := params.Get(name)
	var err error
	switch v.Interface().(type) {
	case time.Time:
		var t time.Time
		t, err = time.Parse(time.RFC3339, text)
		v.Set(reflect.ValueOf(t))
		return invalid(name, text, err)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(params, name, v.Elem())
	case reflect.Struct:
		return decodeStruct(params, name+".", v)
	case reflect.Slice:
		return decodeList(params, name, v)
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		v.SetBool(b)
	case reflect.Int32, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
	case reflect.Float64:
		var x float64
		x, err = strconv.ParseFloat(text, 64)
		v.SetFloat(x)
	}
	return invalid(name, text, err)
}

func decodeList(params url.Values, name string, v reflect.Value) error {
	if present(params, name+".member") {
		name += ".member"
	}
	for i := 1; present(params, fmt.Sprintf("%s.%d", name, i)); i++ {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		if err := decodeValue(params, fmt.Sprintf("%s.%d", name, i), v.Index(i-1)); err != nil {
			return err
		}
	}
	return nil
}

// ParamElement returns a parameter, with those below it, in the form that an answer
// describes it in: structs as nested elements, lists as <member>. It is nil
// if there is no such parameter.
func (r *Request) ParamElement(name string) *etree.Element {
	return paramElement(r.Params, name, name)
}

func paramElement(params url.Values, name, tag string) *etree.Element {
	if !present(params, name) {
		return nil
	}
	e := etree.NewElement(tag)
	e.SetText(params.Get(name))
	for _, child := range childNames(params, name) {
		if child != "member" {
			e.AddChild(paramElement(params, name+"."+child, child))
			continue
		}
		for i := 1; present(params, fmt.Sprintf("%s.member.%d", name, i)); i++ {
			e.AddChild(paramElement(params, fmt.Sprintf("%s.member.%d", name, i), "member"))
		}
	}
	return e
}

// childNames lists, in order, the names right below a parameter.
func childNames(params url.Values, name string) []string {
	names := map[string]bool{}
	for key := range params {
		if rest, ok := strings.CutPrefix(key, name+"."); ok {
			child, _, _ := strings.Cut(rest, ".")
			names[child] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// present tells whether there is a parameter name or one below it.
func present(params url.Values, name string) bool {
	if params.Has(name) {
		return true
	}
	for key := range params {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

func invalid(name, text string, err error) error {
	if err == nil {
		return nil
	}
	return Errorf("ValidationError", "%s: %q: %v", name, text, err)
}
