package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"example.com/webserver-cluster/tests/localaws/front"
)

// prefixes are services whose actions have another prefix than their requests'
// signature.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var prefixes = map[string]string{"monitoring": "cloudwatch"}

// needs tells what a request of a session needs to be allowed.
func (j *Judge) needs(ctx context.Context, r *front.Request) ([]question, error) {
	if r.Service == "s3" {
		return needsS3(r), nil
	}
	prefix := r.Service
	if p := prefixes[prefix]; p != "" {
		prefix = p
	}
	action := prefix + ":" + r.Action
	var in struct {
		SecretID     string `json:"SecretId"`
		VersionStage string
		Name, Path   string
		Names        []string
	}
	if r.Params == nil && len(r.Body) > 0 && r.Body[0] == '{' {
		if err := json.Unmarshal(r.Body, &in); err != nil {
			return nil, front.Errorf("SerializationException", "%v", err)
		}
	}
	account := j.session(r.AccessKey).account()
	switch {
	case r.Service == "secretsmanager" && in.SecretID != "":
		stage := in.VersionStage
		if stage == "" && r.Action == "GetSecretValue" {
			stage = "AWSCURRENT"
		}
		arn := j.secretARN(ctx, r.Region, account, in.SecretID)
		return []question{{action, arn, map[string]string{"secretsmanager:versionstage": stage, "secretsmanager:secretid": arn}}}, nil
	case r.Service == "ssm" && strings.Contains(r.Action, "Parameter"):
		var all []question
		for _, name := range append(in.Names, in.Name, in.Path) {
			if name != "" {
				all = append(all, question{action: action, resource: parameterARN(r.Region, account, name)})
			}
		}
		if len(all) > 0 {
			return all, nil
		}
	}
	return []question{{action: action, resource: "*"}}, nil
}

// parameterARN is that of a parameter with this name or ARN.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
func parameterARN(region, account, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return fmt.Sprintf("arn:aws:ssm:%s:%s:parameter/%s", region, account, strings.TrimPrefix(name, "/"))
}
