package main

import "testing"

func TestToHCL(t *testing.T) {
	got, err := toHCL([]byte(`{
		"resource": {"aws_x": {"a": {
			"//": {}, "name": "say \"hi\" ${self.n == \"}\" ? 1 : 2} $${HOME}\n", "n": 1, "on": true,
			"tags": {"Name": "x"}, "list": ["a", "${b.c}"],
			"block": [{"inner": [{"k": "v"}]}, {"k": 2}],
			"lifecycle": {"ignore_changes": ["n"]}
		}}},
		"provider": {"aws": [{"region": "eu"}]},
		"terraform": {"required_version": "1"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `provider "aws" {
region = "eu"
}
resource "aws_x" "a" {
block {
inner {
k = "v"
}
}
block {
k = 2
}
lifecycle {
ignore_changes = ["n"]
}
list = ["a", "${b.c}"]
n = 1
name = "say \"hi\" ${self.n == "}" ? 1 : 2} $${HOME}\n"
on = true
tags = {"Name" = "x"}
}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
