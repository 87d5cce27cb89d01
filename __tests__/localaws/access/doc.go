// Package access asks IAM whether whoever took a role on may do what he asks the local AWS
// for: an instance with a role, and whoever assumed one by STS. A request that is signed with
// such credentials needs a policy of the role that allows it. Whoever has other credentials,
// the test's own or Terraform's, may do everything; so may who assumed a role that the local
// AWS does not have, one of another account's.
//
// It judges as AWS does by the role's own policies: a Deny beats every Allow, without
// an Allow nothing goes, a permissions boundary has to allow as well.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//
// What a request asks for it finds by AWS's service models and by the Service Authorization
// Reference (package reference): the action, each resource that the request names or makes,
// and the condition keys that AWS fills in for the action, tags of the request and of the
// resource among them. To make something with tags takes the permission to tag it; to hand
// a role to a service, that to pass it; to give a group a launch template, that to launch
// from it.
//
// A role is assumed if its trust policy allows it. Of a web identity's token the claims are
// looked at, the audience and the subject, and when it ends; its signature is not.
//
// Where it knows less than AWS it refuses: a condition that it does not understand
// makes an Allow void and a Deny hold; a resource that it cannot tell from the request is one
// that only an Allow for "*" covers, or for all of its kind. Both are said in the log.
//
// Not judged: resource policies (a bucket's is moto's to judge, see gaps_s3.go in
// localaws; a key's allows the account here), session policies, service control policies,
// signatures.
//
// moto could judge, too (moto.iam.access_control), but for all clients or none:
// set_initial_no_auth_action_count lets the first N requests pass and then wants
// every client, Terraform included, to be a user of its own; it knows neither
// conditions nor boundaries, and sees the resource in few actions.
package access
