package review

import (
	"fmt"
	"slices"
	"strings"
)

const (
	albAttributes  = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html"
	albDelete      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-delete.html"
	albGroups      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html"
	alb502         = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues"
	albUpdate      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html"
	albTLS         = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"
	albZones       = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html"
	albListeners   = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html"
	albTargets     = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html"
	albChecks      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
	albLogs        = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"
	albCertificate = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html"
	acmValidation  = "https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html"
	route53Values  = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values.html"
	route53Change  = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-editing.html"
)

// protection is a guard against deletion that is put on or taken away.
func protection(what string) effect {
	return by(func(_ *judging, c *Change, d Difference) effect {
		if d.on() {
			return nothing(what + " cannot be deleted")
		}
		return look(what+" can be deleted from now on", albAttributes)
	})
}

// redirects is a listener's action that changes.
func redirects(_ *judging, c *Change, d Difference) effect {
	if d.Unknown {
		return interruption("requests go to another target group, where no server has been found healthy yet", albListeners)
	}
	becomes := func(action string) bool {
		return slices.ContainsFunc(c.Differences, func(d Difference) bool { return plain(d.Path) == "default_action.type" && d.After == action })
	}
	switch {
	case becomes("redirect"):
		return interruption("who asks by HTTP is sent to HTTPS: browsers follow, what posts or follows no redirect fails", albListeners)
	case becomes("forward"):
		return look("who asks here gets the servers' answer, where there was another action: by HTTP, without encryption", albListeners)
	}
	return effect{level: Unknown, text: "another answer of the listener to every request", source: albListeners}
}

var balancerKinds = map[string]kind{
	"aws_lb": {
		what: "load balancer",
		made: nothing("a load balancer"), removed: interruption("nobody gets an answer, and open connections are cut", albDelete),
		replaced: interruption("another load balancer, with another name: open connections are cut, and nobody gets an answer at the old name", albDelete),
		arguments: map[string]effect{
			"subnets": zones(nothing("the load balancer gets another zone"), effect{level: Unknown, source: albZones,
				text: "the load balancer leaves a zone: servers there get no requests any more; what becomes of whoever still uses its address there, AWS does not say"}),
			"security_groups":            interruption("another security group: whom its rules do not let in, or not yet, can open no connection", albGroups),
			"idle_timeout":               by(idleTimeout),
			"drop_invalid_header_fields": look("whether headers with invalid names reach the servers", albAttributes),
			"enable_deletion_protection": protection("the load balancer"),
			"access_logs":                by(logged("requests")),
			"connection_logs":            by(logged("connections")),
			"client_keep_alive":          nothing("how long a connection may be used"),
		},
	},
	"aws_lb_target_group": {
		what: "target group",
		made: nothing("a target group"), removed: interruption("its servers get no requests any more", albTargets),
		replaced: interruption("the servers move to another target group, where they get requests only when they are found healthy", albChecks),
		arguments: map[string]effect{
			"deregistration_delay":             by(drainTime),
			"health_check.interval":            nothing("how often servers are checked"),
			"health_check.timeout":             by(checkPatience),
			"health_check.healthy_threshold":   nothing("how many checks a new server has to pass"),
			"health_check.unhealthy_threshold": by(failures),
			"slow_start":                       nothing("how slowly a new server gets its share of requests"),
			"health_check.path":                interruption("running servers that do not answer there are called unhealthy, all at once", albChecks),
			"health_check.matcher":             interruption("running servers that answer otherwise are called unhealthy, all at once", albChecks),
			"health_check.port":                interruption("running servers that do not answer there are called unhealthy, all at once", albChecks),
			"health_check.protocol":            interruption("running servers that do not answer it are called unhealthy, all at once", albChecks),
			"load_balancing_algorithm_type":    nothing("which server gets the next request"),
		},
	},
	"aws_lb_listener": {
		what: "listener",
		made: nothing("another port of the load balancer"), removed: interruption("connections to this port are refused", albListeners),
		replaced: interruption("connections to this port are refused for some seconds", albListeners),
		arguments: map[string]effect{
			"default_action":  by(redirects),
			"certificate_arn": by(certificate),
			"ssl_policy":      interruption("clients that have none of the new policy's protocols and ciphers are refused; read whether it lets in weaker ones than before", albTLS),
			"port":            interruption("connections to the former port are refused", albUpdate),
			"protocol":        interruption("clients of the former protocol get no answer", albUpdate),
		},
	},
	"aws_acm_certificate": {
		what: "certificate",
		made: nothing("a certificate"), removed: nothing("a certificate that no listener has any more"),
		replaced: nothing("another certificate, which the listener gets once ACM has issued it"),
	},
	"aws_acm_certificate_validation": {
		what: "wait for a certificate",
		made: nothing("the deploy waits until ACM issues the certificate"), removed: nothing("Terraform's own: nothing on AWS"),
		replaced: nothing("the deploy waits until ACM issues the certificate"),
	},
	"aws_route53_record": {
		what: "DNS record",
		made: nothing("a name that leads here"), removed: by(recordGone), replaced: by(recordGone),
		arguments: effects(map[string]effect{
			"allow_overwrite":              nothing("whether a record that is there already is taken over"),
			"ttl":                          look("for how long others keep what they were told of the name", route53Values),
			"alias.evaluate_target_health": look("whether Route 53 answers with this record while all that it leads to is unhealthy", route53Values),
		}, interruption("the name leads elsewhere, for everybody within its time to live (60 s for an alias)", route53Change), "alias", "records", "type"),
	},
}

// certificate is another certificate of a listener: one that the code has ACM make for the
// names, or one of which only its ARN is known.
func certificate(j *judging, c *Change, d Difference) effect {
	for _, r := range references(j.after.Resources[c.Address].Arguments["certificate_arn"]) {
		if strings.HasPrefix(r, "aws_acm_certificate") {
			return nothing("new connections get the new certificate; open ones go on")
		}
	}
	return effect{level: Unknown, text: "another certificate: clients refuse one that is not for the name that they call by", source: albCertificate}
}

// recordGone is a record of a name that goes: one that leads users, or one that proves
// the name to ACM.
func recordGone(_ *judging, c *Change, _ Difference) effect {
	alias := c.code.Arguments["alias"]
	if list, isList := alias.([]any); alias == nil || isList && len(list) == 0 { // a plan has an empty list
		return look("ACM finds the proof of the name no more when it renews the certificate", acmValidation)
	}
	return interruption("the name leads nowhere", route53Change)
}

// idleTimeout is how long the load balancer keeps connections that nobody uses: at once,
// to servers that run, too. The constructs have servers keep them longer than any.
func idleTimeout(_ *judging, _ *Change, d Difference) effect {
	if old, now := d.numbers(); now < old {
		return look(fmt.Sprintf("a request of which nothing is heard for %g s is cut", now), albAttributes)
	}
	return look(fmt.Sprintf("idle connections are kept for %v s, and a server may take as long to answer: if servers of your own close them earlier than that, requests fail now and then (502)", d.After), alb502)
}

// logged is a log of the load balancer's.
func logged(what string) func(*judging, *Change, Difference) effect {
	return func(_ *judging, _ *Change, d Difference) effect {
		if plain(d.Path) == "access_logs.enabled" || plain(d.Path) == "connection_logs.enabled" {
			if !d.on() {
				return look(what+" are logged no more", albLogs)
			}
		}
		return nothing("where " + what + " are logged")
	}
}

// failures is how many checks a server may fail.
func failures(_ *judging, _ *Change, d Difference) effect {
	if old, now := d.numbers(); now < old {
		return look(fmt.Sprintf("servers that fail %g checks in a row are called unhealthy, and replaced", now), albChecks)
	}
	return nothing("how many checks a server may fail")
}

// drainTime is how long an instance that goes may finish its requests.
func drainTime(_ *judging, _ *Change, d Difference) effect {
	old, now := d.numbers()
	if now < old {
		return look(fmt.Sprintf("when an instance goes, requests that take longer than %g s are cut", now), asgDrain)
	}
	return nothing(fmt.Sprintf("when an instance goes, requests have %g s to end", now))
}

// checkPatience is how long a health check waits for an answer.
func checkPatience(_ *judging, _ *Change, d Difference) effect {
	old, now := d.numbers()
	if now < old {
		return look(fmt.Sprintf("servers that take longer than %g s to answer a check are called unhealthy", now), albChecks)
	}
	return nothing("how long a check waits for an answer")
}
