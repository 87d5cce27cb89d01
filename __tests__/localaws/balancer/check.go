package balancer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// checkPatience is the least real time that a health check and a connection
// are given, however fast AWS's time runs: this machine's does not run faster.
const checkPatience = 2 * time.Second

// check checks t's health until it is deregistered. The interval counts from
// the start of a check to that of the next.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html#health-check-settings
func (t *target) check() {
	for t.checks.Err() == nil {
		t.group.mu.Lock()
		s := t.group.settings
		t.group.mu.Unlock()
		next := t.group.all.config.Clock.After(s.interval)
		switch zone := t.group.all.config.Zone(t.id); {
		case s.source == nil:
			t.noteUnused("Target group is not configured to receive traffic from the load balancer")
		case zone != "" && !slices.Contains(s.source.Zones, zone):
			// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
			t.noteUnused("Target is in an Availability Zone that is not enabled for the load balancer")
		default:
			t.note(s, t.checkOnce(s))
		}
		select {
		case <-next:
		case <-t.checks.Done():
		}
	}
}

// checkError is a failed check.
type checkError struct {
	reason      types.TargetHealthReasonEnum
	description string
}

// checkOnce sends one check, over a connection of its own.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
func (t *target) checkOnce(s settings) *checkError {
	if err := t.group.all.faultOf(t.id); err != nil {
		return &checkError{types.TargetHealthReasonEnumFailedHealthChecks, err.Error()}
	}
	ctx, cancel := context.WithTimeout(t.checks, max(t.group.all.config.Clock.Real(s.timeout), checkPatience))
	defer cancel()
	port := cmp.Or(s.port, t.port)
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return t.group.all.config.Dial(ctx, *s.source, t.id, port)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(t.id, strconv.Itoa(port))+s.path, nil)
	if err != nil {
		return &checkError{types.TargetHealthReasonEnumInternalError, err.Error()}
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	resp, err := client.Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &checkError{types.TargetHealthReasonEnumTimeout, "Request timed out"}
	case err != nil:
		return &checkError{types.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed"}
	case !s.matcher.matches(resp.StatusCode):
		return &checkError{types.TargetHealthReasonEnumResponseCodeMismatch, fmt.Sprintf("Health checks failed with these codes: [%d]", resp.StatusCode)}
	}
	return nil
}

// note counts a check. A new target needs to pass one check to be healthy; after
// that, HealthyThresholdCount in a row make it healthy and UnhealthyThresholdCount
// unhealthy.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
func (t *target) note(s settings, failure *checkError) {
	g := t.group
	g.mu.Lock()
	if t.deregistering {
		g.mu.Unlock()
		return
	}
	if ok := failure == nil; t.inRow == 0 || ok != t.lastOK {
		t.inRow, t.lastOK = 1, ok
	} else {
		t.inRow++
	}
	before := t.state
	isNew := before == types.TargetHealthStateEnumInitial || before == types.TargetHealthStateEnumUnused
	switch {
	case failure == nil && (isNew || t.inRow >= s.healthy):
		t.set(types.TargetHealthStateEnumHealthy, "", "")
	case failure != nil && (t.inRow >= s.unhealthy || before == types.TargetHealthStateEnumUnhealthy):
		t.set(types.TargetHealthStateEnumUnhealthy, failure.reason, failure.description)
	case isNew:
		t.set(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress")
	}
	changed, e := t.state != before, t.event()
	g.countHosts()
	g.mu.Unlock()
	if changed {
		g.all.config.OnEvent(e)
	}
}

// noteUnused says why no load balancer asks for t's health.
func (t *target) noteUnused(description string) {
	g := t.group
	g.mu.Lock()
	before := t.state
	if !t.deregistering {
		t.inRow = 0
		t.set(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotInUse, description)
	}
	lost, e := before == types.TargetHealthStateEnumHealthy && !t.deregistering, t.event()
	g.mu.Unlock()
	if lost {
		g.all.config.OnEvent(e)
	}
}

// matcher is which statuses pass a health check: "200", "200,202", "200-299".
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html
type matcher string

func (m matcher) matches(status int) bool {
	for part := range strings.SplitSeq(string(m), ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		low, err1 := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if err1 == nil && err2 == nil && low <= status && status <= high {
			return true
		}
	}
	return false
}
