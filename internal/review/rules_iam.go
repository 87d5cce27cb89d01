package review

import "slices"

const (
	iamPolicies   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html"
	iamBoundaries = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
	iamDelay      = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"
	iamProfiles   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html"
)

// rightGone is a policy that a role has no more; of a role that goes, nobody needs it.
func rightGone(j *judging, c *Change, _ Difference) effect {
	for _, address := range addresses(c.code.Arguments) {
		if role := j.changes[address]; role != nil && role.Type == "aws_iam_role" && role.Action == Remove {
			return nothing("the rights of a role that goes")
		}
	}
	return effect{level: Unknown, text: "a role may do less, at once: what needs it is refused", source: iamPolicies}
}

// boundary is the most that a role may do, whatever its policies say.
func boundary(_ *judging, _ *Change, d Difference) effect {
	if !d.Unknown && (d.After == nil || d.After == "") {
		return look("the role has no permissions boundary any more: it may do all that its policies allow", iamBoundaries)
	}
	return effect{level: Unknown, source: iamBoundaries,
		text: "another permissions boundary: the role may do, at once, only what both it and the role's policies allow: check that it allows " +
			"all that they do (the boundary of GitHubRoles allows what the constructs grant, and nothing that is granted besides)"}
}

// madeAnew tells whether something that a value refers to is replaced.
func (j *judging) madeAnew(value any) bool {
	return slices.ContainsFunc(addresses(value), func(address string) bool {
		change := j.changes[address]
		return change != nil && change.Action == Replace
	})
}

// otherRole tells whether a policy goes from a role that stays to another one.
func (j *judging) otherRole(c *Change) bool {
	return slices.ContainsFunc(c.Differences, func(d Difference) bool { return d.Path == "role" }) && !j.madeAnew(c.code.Arguments["role"])
}

var roleLosesPolicy = effect{level: Unknown, text: "another role has the policy, and the one that had it may do less, at once: what needs it is refused", source: iamPolicies}

// rightsReplaced is a role's own policy that is made anew, with the same document or
// another one.
func rightsReplaced(j *judging, c *Change, _ Difference) effect {
	if j.otherRole(c) {
		return roleLosesPolicy
	}
	return rights("the role", iamPolicies).judge(j, c, Difference{Path: "policy", Before: c.before["policy"], After: c.after["policy"]})
}

// attachmentReplaced is another policy of a role, or the same one of a role that is made
// anew.
func attachmentReplaced(j *judging, c *Change, _ Difference) effect {
	switch {
	case j.otherRole(c):
		return roleLosesPolicy
	case slices.ContainsFunc(c.Differences, func(d Difference) bool { return d.Path == "policy_arn" }):
		return effect{level: Unknown, text: "another policy in the place of the role's former one: it may do other things, at once, and what only the former one allowed is refused", source: iamPolicies}
	}
	return nothing("the policy of a role that is made anew")
}

// profileRole is another role of instances. Of one that is made anew, its own rule says
// what happens.
func profileRole(j *judging, c *Change, _ Difference) effect {
	if j.madeAnew(c.code.Arguments["role"]) {
		return look("the role of instances, of those that run, too", iamProfiles)
	}
	return effect{level: Unknown, text: "another role of instances, of those that run, too: what only the former one allowed is refused", source: iamProfiles}
}

var iamKinds = map[string]kind{
	"aws_iam_role": {
		what: "IAM role",
		made: look("a role: read what it may do", iamPolicies), removed: look("a role goes, with what it was allowed", iamPolicies),
		replaced: interruption("what uses the role has none for some seconds, and AWS refuses what it asks", iamDelay),
		arguments: map[string]effect{
			"assume_role_policy":   rights("who acts as this role", iamPolicies),
			"permissions_boundary": by(boundary),
			"max_session_duration": nothing("how long a session of the role lasts"),
		},
	},
	"aws_iam_role_policy": {
		what: "IAM policy of a role",
		made: look("a role may do more", iamPolicies), removed: by(rightGone),
		replaced:  by(rightsReplaced),
		arguments: map[string]effect{"policy": rights("the role", iamPolicies)},
	},
	"aws_iam_role_policy_attachment": {
		what: "IAM policy of a role",
		made: look("a role may do more", iamPolicies), removed: by(rightGone), replaced: by(attachmentReplaced),
	},
	"aws_iam_policy": {
		what: "IAM policy", made: look("a policy", iamPolicies), removed: look("a policy goes", iamPolicies), replaced: look("another policy", iamPolicies),
		arguments: map[string]effect{"policy": rights("who has this policy", iamPolicies)},
	},
	"aws_iam_openid_connect_provider": {
		what: "identity provider",
		made: look("identities of this provider may take on roles that trust it", iamPolicies), removed: look("nobody can take on a role through it any more", iamPolicies),
		replaced:  look("identities of another provider may take on roles that trust it", iamPolicies),
		arguments: effects(nil, look("whose tokens are taken", iamPolicies), "client_id_list", "thumbprint_list", "url"),
	},
	"aws_iam_instance_profile": {
		what: "instance profile",
		made: nothing("the role of instances"), removed: nothing("no instance has it any more"), replaced: nothing("the role of new instances"),
		arguments: map[string]effect{"role": by(profileRole)},
	},
}
