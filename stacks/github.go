package stacks

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
)

// here says whether the credentials that reach the state make the environment, too.
func (e Environment) here() bool { return e.AssumeRoleARN == "" && e.Profile == "" }

// gitHubRoles are the roles for the workflows of the repository in the settings.
func gitHubRoles(s project.Settings, environments []Environment) constructs.GitHubRolesProps {
	props := constructs.GitHubRolesProps{
		Name: s.Project, Repository: s.GitHubRepository, OIDCProviderARN: s.GitHubProviderARN, Region: s.Region,
		StateBucket: s.StateBucket, LockTable: s.LockTable, StateKey: project.StateKey(project.StateStack),
	}
	for _, e := range environments {
		made := constructs.GitHubEnvironment{
			Name: e.Name, StateKey: project.StateKey(e.Name), AssumeRoleARN: e.AssumeRoleARN, Elsewhere: !e.here(),
			ImageParameter: e.Cluster.AMIParameter,
		}
		if e.Database != nil {
			made.DatabaseUser = e.Database.ApplicationUser
		}
		if domain := e.Cluster.Domain; domain != nil {
			made.HostedZoneID, made.DomainNames = domain.HostedZoneID, append([]string{domain.Name}, domain.AlternativeNames...)
			if strings.Contains(made.HostedZoneID, "${") {
				made.HostedZoneID = "*" // a reference is the environment's stack's own: the names limit it
			}
		}
		props.Environments = append(props.Environments, made)
	}
	return props
}

// checkGitHub adds the faults of the roles for GitHub's workflows, and of what would lead
// those for deploys astray.
func checkGitHub(f *faults.List, s project.Settings, environments []Environment) {
	if s.GitHubRepository == "" {
		return
	}
	props := gitHubRoles(s, environments)
	props.Region = cmp.Or(props.Region, "region") // Load has said so
	props.Environments = slices.DeleteFunc(props.Environments, func(e constructs.GitHubEnvironment) bool { return !environmentName.MatchString(e.Name) })
	if len(props.Environments) > 0 { // else there are other faults
		f.As(map[string]string{
			"Name":            project.Place("project") + " and environment.Name",
			"Repository":      project.Place("githubRepository"),
			"OIDCProviderARN": project.Place("githubProviderArn"),
			"StateBucket":     project.Place("stateBucket"),
		}, props.Validate())
	}
	for _, e := range environments {
		for _, given := range e.inPolicies() {
			if strings.Contains(given.value, "${") {
				f.Add(e.Name+"."+given.field, given.value, "must be the value itself with %s: the state's stack has it in a policy", project.Place("githubRepository"))
			}
		}
	}
	users := map[string]string{} // environments by their databases' users
	for _, e := range environments {
		// IAM lets a user log in by the name, to whatever database: that of one that is made
		// later has an id which is not known when the boundary is written.
		// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
		if e.Database != nil && e.Database.ApplicationUser != "" && e.here() {
			user := e.Database.ApplicationUser
			if other, taken := users[user]; taken {
				f.Add(e.Name+".Database.ApplicationUser", user, "is that of %s, too: with %s, each environment takes another one, by which IAM tells their databases apart", other, project.Place("githubRepository"))
			}
			users[user] = e.Name
		}
		places := []struct {
			field string
			tags  map[string]string
		}{{"Tags", e.Tags}, {"Network.Tags", e.Network.Tags}, {"Cluster.Tags", e.Cluster.Tags}}
		if e.Database != nil {
			places = append(places, struct {
				field string
				tags  map[string]string
			}{"Database.Tags", e.Database.Tags})
		}
		for _, place := range places {
			for _, key := range []string{project.ProjectTag, project.EnvironmentTag} {
				for _, tag := range slices.Sorted(maps.Keys(place.tags)) {
					if strings.EqualFold(tag, key) { // keys of conditions have no case
						f.Add(e.Name+"."+place.field+"."+tag, place.tags[tag], "must be left out with %s: by this tag, IAM tells whose a resource is", project.Place("githubRepository"))
					}
				}
			}
		}
	}
}

// given is a value of an environment's literal.
type given struct{ field, value string }

// inPolicies is what the policies of the roles for its deploys and reviews name.
func (e Environment) inPolicies() []given {
	all := []given{{"AssumeRoleARN", e.AssumeRoleARN}, {"Cluster.AMIParameter", e.Cluster.AMIParameter}}
	if e.Database != nil {
		all = append(all, given{"Database.ApplicationUser", e.Database.ApplicationUser})
	}
	if domain := e.Cluster.Domain; domain != nil {
		all = append(all, given{"Cluster.Domain.Name", domain.Name}) // references are no AlternativeNames
	}
	return all
}
