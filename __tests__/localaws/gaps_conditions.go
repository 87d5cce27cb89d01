package localaws

import (
	"net/http"
	"sync"

	"example.com/webserver-cluster/tests/localaws/front"
)

// writeAtOnce: moto looks at the condition of a write and then writes, in two
// steps that another write may come between. In AWS they are one,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
// and state locks rest on that. So here one write passes at a time.
func writeAtOnce(f *front.Front) {
	var mu sync.Mutex
	one := func(r *front.Request, next front.Next) (*front.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		return next(r)
	}
	for _, action := range []string{"PutItem", "UpdateItem", "DeleteItem"} {
		f.Handle("dynamodb", action, one)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		f.Handle("s3", method, one)
	}
}
