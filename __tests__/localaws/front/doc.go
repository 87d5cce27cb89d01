// Package front is an HTTP server that stands before a local AWS and
// recognises AWS requests on the wire, whatever client sent them: Terraform's
// AWS provider, the aws CLI or an SDK.
//
// By itself it passes every request on. A handler answers one action of one
// service, or amends what the local AWS answers:
//
//	f.Handle("autoscaling", "StartInstanceRefresh", func(r *front.Request, next front.Next) (*front.Response, error) {
//		var in autoscaling.StartInstanceRefreshInput
//		if err := r.DecodeQuery(&in); err != nil {
//			return nil, err
//		}
//		if refreshUnderWay(*in.AutoScalingGroupName) {
//			return nil, front.Errorf("InstanceRefreshInProgress", "An Instance Refresh is already in progress.")
//		}
//		return r.Respond(&autoscaling.StartInstanceRefreshOutput{InstanceRefreshId: aws.String(id)})
//	})
//
// The three things a handler can do:
//
//   - answer: r.Respond writes an SDK output struct in the service's own wire
//     format; an error made by Errorf becomes an AWS error response, any other
//     error an InternalFailure.
//   - change the request: r.Params (Query protocol) or r.Body, then next(r).
//   - amend the answer: resp, err := next(r), then resp.Body. UpdateXML edits
//     it as a tree.
//
// Handlers of one action stack: the one registered last is asked first, and
// its next is the one registered before it. The last next is the local AWS.
//
// A gate (Front.Gate) judges every request before that, and can refuse it.
//
// How a service and its action are found (see Request):
//
//   - service and region: the credential scope of the SigV4 signature
//   - Query and EC2 protocol: the form field Action
//   - JSON protocols: the header X-Amz-Target, after its last dot
//   - RPC v2 CBOR: the path /service/NAME/operation/ACTION
//   - REST (S3 and others): the method and the subresource, such as
//     "GET ?lifecycle", or the method alone
//
// The signature: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html,
// the protocols: https://smithy.io/2.0/aws/protocols/index.html.
package front
