package front_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/tests/localaws/front"
)

// TestPassesOn: what has no handler gets through unchanged, bodies of objects
// and sizes without a body included.
func TestPassesOn(t *testing.T) {
	var stored []byte
	_, config := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPut:
			stored, _ = io.ReadAll(r.Body)
		default:
			w.Header().Set("Content-Length", fmt.Sprint(len(stored)))
			w.Write(stored)
		}
	})
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	object := s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: object.Bucket, Key: object.Key, Body: strings.NewReader("a=1&b")}); err != nil {
		t.Fatal(err)
	}
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: object.Bucket, Key: object.Key})
	if err != nil || *head.ContentLength != 5 {
		t.Errorf("head: %v, %v", head, err)
	}
	got, err := client.GetObject(t.Context(), &object)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(got.Body); string(body) != "a=1&b" {
		t.Errorf("got %q", body)
	}
}

// TestUnknownAction: a failure behind the front is final for clients, which
// would try a status 500 again for minutes.
func TestUnknownAction(t *testing.T) {
	attempts := 0
	f, config := start(t, func(w http.ResponseWriter, r *http.Request) {
		attempts++
		http.Error(w, "NotImplementedError", http.StatusInternalServerError)
	})
	config.RetryMaxAttempts = 5
	call := func(t *testing.T) {
		attempts = 0
		_, err := ec2.NewFromConfig(config).DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String("v")})
		var e smithy.APIError
		if !errors.As(err, &e) || e.ErrorCode() != "NotImplemented" {
			t.Errorf("the client got %v", err)
		}
		if attempts != 1 {
			t.Errorf("%d attempts", attempts)
		}
	}
	t.Run("passed on", call)
	f.Handle("ec2", "DeleteVpc", func(r *front.Request, next front.Next) (*front.Response, error) { return next(r) })
	t.Run("with a handler", call)
}

// TestClientLeaves: a client that gives up leaves no trace in the log and
// nothing hanging.
func TestClientLeaves(t *testing.T) {
	arrived, release := make(chan bool), make(chan bool)
	_, config := start(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-release
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := ec2.NewFromConfig(config).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(release)
}
