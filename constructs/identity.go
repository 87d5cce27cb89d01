package constructs

import (
	"fmt"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// identity is what an AWS provider says about whose credentials it takes, by the names
// of the command rollout's flags. What it does not say is empty.
type identity struct{ accountIDs, profile, roleARN, externalID, sessionName string }

// flags are the flags of the command rollout that make it act as the provider does.
func (i identity) flags() []struct{ name, value string } {
	all := []struct{ name, value string }{
		{"account-id", i.accountIDs}, {"profile", i.profile}, {"role-arn", i.roleARN}, {"external-id", i.externalID}, {"session-name", i.sessionName},
	}
	given := all[:0]
	for _, flag := range all {
		if flag.value != "" {
			given = append(given, flag)
		}
	}
	return given
}

// identityOf is the identity of the stack's AWS provider: that without an alias, which
// the resources of this package have. It panics for a chain of roles, which the command
// rollout cannot take on.
func identityOf(stack cdktf.TerraformStack) identity {
	for _, construct := range *stack.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		aws, ok := construct.(provider.AwsProvider)
		if !ok || aws.Alias() != nil {
			continue
		}
		// What it will be in the JSON, overrides included.
		block, _ := aws.ToTerraform().(map[string]any)
		block, _ = block["provider"].(map[string]any)
		list, _ := block["aws"].([]any)
		if len(list) != 1 {
			panic(fmt.Errorf("%s: has no provider block", *aws.Node().Path())) // unreachable: CDKTF writes one
		}
		config, _ := list[0].(map[string]any)
		for _, argument := range []string{"assume_role_with_web_identity", "shared_config_files", "shared_credentials_files", "access_key", "secret_key", "token"} {
			if config[argument] != nil {
				panic(fmt.Errorf("%s: has %s, which the command rollout, which ends a deploy, cannot take on: put it into the environment or a profile", *aws.Node().Path(), argument))
			}
		}
		roles, _ := config["assume_role"].([]any)
		if len(roles) > 1 {
			panic(fmt.Errorf("%s: assumes %d roles in a row; the command rollout, which ends a deploy, can assume one: put the others into a profile", *aws.Node().Path(), len(roles)))
		}
		var role map[string]any
		if len(roles) == 1 {
			role, _ = roles[0].(map[string]any)
		}
		text := func(block map[string]any, argument string) string {
			value, _ := block[argument].(string)
			return value
		}
		var accounts []string
		allowed, _ := config["allowed_account_ids"].([]any)
		for _, account := range allowed {
			id, _ := account.(string)
			accounts = append(accounts, id)
		}
		return identity{
			accountIDs: strings.Join(accounts, ","), profile: text(config, "profile"), roleARN: text(role, "role_arn"),
			externalID: text(role, "external_id"), sessionName: text(role, "session_name"),
		}
	}
	return identity{}
}
