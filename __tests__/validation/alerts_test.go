package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// TestAlerts has names and addresses.
func TestAlerts(t *testing.T) {
	alone(t, constructs.AlertsProps{Name: "ops"}, []row[constructs.AlertsProps]{
		{func(p *constructs.AlertsProps) { p.Name = "" }, `Name: "": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.AlertsProps) { p.Name = "Ops" }, `Name: "Ops": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.AlertsProps) { p.Name = strings.Repeat("a", 201) }, `Name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"…: has 201 characters; a topic's name can have 200`},
		{func(p *constructs.AlertsProps) { p.Tags = map[string]string{"aws:x": "x"} }, `Tags: "aws:x": must not begin with aws:, which AWS keeps for itself`},
		{func(p *constructs.AlertsProps) { p.Email = "nobody" }, `Email: "nobody": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@localhost" }, `Email: "ops@localhost": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "Ops <ops@example.com>" }, `Email: "Ops <ops@example.com>": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "a@example.com, b@example.com" }, `Email: "a@example.com, b@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "a@example.com;b@example.com" }, `Email: "a@example.com;b@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "a@example.com b@example.com" }, `Email: "a@example.com b@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = `"ops team"@example.com` }, `Email: "\"ops team\"@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@[192.0.2.1]" }, `Email: "ops@[192.0.2.1]": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@192.0.2.1" }, `Email: "ops@192.0.2.1": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@example.com (team)" }, `Email: "ops@example.com (team)": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = " ops@example.com" }, `Email: " ops@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@example.com\n" }, `Email: "ops@example.com\n": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@" }, `Email: "ops@": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "@example.com" }, `Email: "@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@@example.com" }, `Email: "ops@@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = ".ops@example.com" }, `Email: ".ops@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "o..ps@example.com" }, `Email: "o..ps@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@-example.com" }, `Email: "ops@-example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@example" }, `Email: "ops@example": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@exam_ple.com" }, `Email: "ops@exam_ple.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "öps@example.com" }, `Email: "öps@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "ops@bücher.de" }, `Email: "ops@bücher.de": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "mailto:ops@example.com" }, `Email: "mailto:ops@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = "%{if x}@example.com" }, `Email: "%{if x}@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = strings.Repeat("a", 250) + "@example.com" }, `Email: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"…: must be one plain e-mail address, such as ops@example.com`},
		{func(p *constructs.AlertsProps) { p.Email = strings.Repeat("a", 65) + "@example.com" }, `Email: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com": must be one plain e-mail address, such as ops@example.com`},
	})
}

// TestAlertsValid has odd values that must pass.
func TestAlertsValid(t *testing.T) {
	alone(t, constructs.AlertsProps{Name: "ops"}, []row[constructs.AlertsProps]{
		{func(p *constructs.AlertsProps) { p.Email = "" }, ""},
		{func(p *constructs.AlertsProps) { p.Email = "ops@example.com" }, ""},
		{func(p *constructs.AlertsProps) { p.Email = "first.last+aws@mail.example.co.uk" }, ""},
		{func(p *constructs.AlertsProps) { p.Email = "o'neil@xn--bcher-kva.de" }, ""},
		{func(p *constructs.AlertsProps) { p.Email = "1@a.io" }, ""},
		{func(p *constructs.AlertsProps) { p.Email = "${var.email}" }, ""},
	})
}
