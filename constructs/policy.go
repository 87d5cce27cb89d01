package constructs

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
)

// allow is a statement of a policy.
type allow struct {
	sid                string
	actions, resources []string
	federated          string // of a trust policy: the OIDC provider
	when               []condition
}

// condition is one of a statement's; all have to hold.
type condition struct {
	test, key string
	values    []string
}

// document is a policy of statements, in as few characters as it goes.
func document(s scope, id string, statements []allow) *string {
	config := &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{}
	var list []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement
	for _, a := range statements {
		statement := &dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{Actions: jsii.Strings(a.actions...)}
		if a.sid != "" {
			statement.Sid = jsii.String(a.sid)
		}
		if len(a.resources) > 0 {
			statement.Resources = jsii.Strings(a.resources...)
		}
		if a.federated != "" {
			statement.Principals = []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementPrincipals{{
				Type: jsii.String("Federated"), Identifiers: jsii.Strings(a.federated),
			}}
		}
		var conditions []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementCondition
		for _, c := range a.when {
			conditions = append(conditions, &dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementCondition{
				Test: jsii.String(c.test), Variable: jsii.String(c.key), Values: jsii.Strings(c.values...),
			})
		}
		if len(conditions) > 0 {
			statement.Condition = conditions
		}
		list = append(list, statement)
	}
	config.Statement = list
	return add(s, id, dataawsiampolicydocument.NewDataAwsIamPolicyDocument, config).MinifiedJson()
}
