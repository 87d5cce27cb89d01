package localaws

// closeGaps has the front answer where moto 5.2.1 differs from AWS in a way
// that Terraform notices. Each gap says what moto does and what AWS does.
func (a *AWS) closeGaps() {
	for _, gap := range forgotten {
		gap.close(a.Front)
	}
	keepLifecycleRules(a.Front)
	a.keepPolicy()
	keepUserData(a.Front)
	a.launchAsTemplated()
	a.tagTemplates()
	a.letMembersIn()
	keepTemplateTagsApart(a.Front)
	keepRuleDescriptions(a.Front)
	nameParameterSource(a.Front)
	a.keepSubnetGroups()
	tellDatabasesApart(a.Front)
	tellRestoredFromReplicas(a.Front)
	a.deferDatabaseChanges()
	a.manageMasterPasswords()
	writeAtOnce(a.Front)
	a.issueWhenProven()
	a.listAllTagged()
}
