// Package access asks IAM whether an instance may do what it asks the local AWS
// for: a request that is signed with an instance role's credentials needs a
// policy of the role that allows it. Whoever has other credentials, the test's own
// or Terraform's, may do everything.
//
// It judges as AWS does by the role's own policies: a Deny beats every Allow, without
// an Allow nothing goes, a permissions boundary has to allow as well.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//
// Where it knows less than AWS it refuses: a condition that it does not understand
// makes an Allow void and a Deny hold; a resource that it cannot tell from the request is one
// that only an Allow for "*" covers. Both are said in the log.
//
// Not judged: resource policies (a bucket's is moto's to judge, see gaps_s3.go in
// localaws), session policies, service control policies, signatures.
//
// moto could judge, too (moto.iam.access_control), but for all clients or none:
// set_initial_no_auth_action_count lets the first N requests pass and then wants
// every client, Terraform included, to be a user of its own; it knows neither
// conditions nor boundaries, and sees the resource in few actions.
package access
