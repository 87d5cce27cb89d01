package front

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/beevik/etree"
)

// Response is the answer to a request. A Status of 0 means 200.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK tells whether the request succeeded.
func (r *Response) OK() bool { return r.Status < 300 }

// UpdateXML lets edit change the body as a tree. Nothing happens to the answer
// of a request that failed.
func (r *Response) UpdateXML(edit func(root *etree.Element)) error {
	if !r.OK() {
		return nil
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(r.Body); err != nil {
		return fmt.Errorf("read the answer as XML: %w", err)
	}
	edit(doc.Root())
	body, err := doc.WriteToBytes()
	r.Body = body
	return err
}

// Error is an AWS error response.
type Error struct {
	Code    string // such as "ValidationError"
	Message string
	Status  int // HTTP status; 0 means 400
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf returns an *Error of the client's making (status 400).
func Errorf(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// requestID is the same in every answer: nothing reads it.
const requestID = "00000000-0000-0000-0000-000000000000"

// namespaces are the XML namespaces of the Query protocol's services. Clients
// of other services do not look at theirs.
var namespaces = map[string]string{
	"autoscaling":          "http://autoscaling.amazonaws.com/doc/2011-01-01/",
	"cloudwatch":           "http://monitoring.amazonaws.com/doc/2010-08-01/",
	"ec2":                  "http://ec2.amazonaws.com/doc/2016-11-15/",
	"elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
	"iam":                  "https://iam.amazonaws.com/doc/2010-05-08/",
	"rds":                  "http://rds.amazonaws.com/doc/2014-10-31/",
	"sns":                  "http://sns.amazonaws.com/doc/2010-03-31/",
}

// Respond answers a Query protocol request with output, an SDK output struct or a
// pointer to one; nil for an action without a result. Nil fields are left out,
// lists are written as <member>, times in UTC.
//
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#response-serialization
func (r *Request) Respond(output any) (*Response, error) {
	root := etree.NewElement(r.Action + "Response")
	root.CreateAttr("xmlns", namespaces[r.Service])
	if output != nil {
		encodeValue(root.CreateElement(r.Action+"Result"), reflect.ValueOf(output))
	}
	root.CreateElement("ResponseMetadata").CreateElement("RequestId").SetText(requestID)
	doc := etree.NewDocumentWithRoot(root)
	body, err := doc.WriteToBytes()
	return xmlResponse(http.StatusOK, body), err
}

// encodeValue writes v into the element e.
func encodeValue(e *etree.Element, v reflect.Value) {
	if t, ok := v.Interface().(time.Time); ok {
		e.SetText(t.UTC().Format("2006-01-02T15:04:05.000Z"))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		encodeValue(e, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			field, value := v.Type().Field(i), v.Field(i)
			// ResultMetadata is the SDK's own, not a part of the answer.
			if field.IsExported() && field.Name != "ResultMetadata" && !absent(value) {
				encodeValue(e.CreateElement(field.Name), value)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			encodeValue(e.CreateElement("member"), v.Index(i))
		}
	case reflect.Float64:
		e.SetText(strconv.FormatFloat(v.Float(), 'f', -1, 64))
	default:
		e.SetText(fmt.Sprint(v.Interface()))
	}
}

// absent tells whether a field of an SDK struct is unset: a nil pointer or
// list, or an enumeration's empty string.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	}
	return false
}

func xmlResponse(status int, body []byte) *Response {
	return &Response{Status: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: body}
}

// JSON answers a request of the JSON protocols with output.
func JSON(output any) (*Response, error) {
	body, err := json.Marshal(output)
	return jsonResponse(http.StatusOK, body), err
}

func jsonResponse(status int, body []byte) *Response {
	return &Response{Status: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: body}
}

// errorResponse writes e in the format of the request's protocol: see "Error
// serialization" in https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
// and the pages beside it.
func (r *Request) errorResponse(e *Error) *Response {
	status := cmp.Or(e.Status, http.StatusBadRequest)
	type detail struct {
		XMLName xml.Name `xml:"Error"`
		Type    string   `xml:",omitempty"`
		Code    string
		Message string
	}
	d := detail{Code: e.Code, Message: e.Message}
	var body []byte
	switch {
	case r.HTTP.Header.Get("X-Amz-Target") != "":
		body, _ = json.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
		return jsonResponse(status, body)
	case r.HTTP.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		body = cbor.Encode(cbor.Map{"__type": cbor.String(e.Code), "message": cbor.String(e.Message)})
		return &Response{Status: status, Body: body, Header: http.Header{
			"Content-Type":    {"application/cbor"},
			"Smithy-Protocol": {"rpc-v2-cbor"},
		}}
	case r.Service == "s3":
		body, _ = xml.Marshal(d)
	case r.Service == "ec2":
		body, _ = xml.Marshal(struct {
			XMLName   xml.Name `xml:"Response"`
			Errors    []detail `xml:"Errors>Error"`
			RequestID string
		}{Errors: []detail{d}, RequestID: requestID})
	default:
		d.Type = "Sender"
		if status >= 500 {
			d.Type = "Receiver"
		}
		body, _ = xml.Marshal(struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Error     detail
			RequestID string `xml:"RequestId"`
		}{Error: d, RequestID: requestID})
	}
	return xmlResponse(status, body)
}
