package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// price asks Infracost what a plan costs. That it cannot tell is no fault of the change.
func (w *work) price(stack string, plan []byte) string {
	folder, err := w.folder("prices")
	if err != nil {
		return "not known: " + err.Error()
	}
	file := filepath.Join(folder, stack+".json")
	if err := os.WriteFile(file, plan, 0o600); err != nil {
		return "not known: " + err.Error()
	}
	// Up to 0.10, it prices what is there before the plan, too.
	// https://www.infracost.io/docs/features/json_output_format/
	var old struct {
		Currency   string `json:"currency"`
		Total      string `json:"totalMonthlyCost"`
		Past       string `json:"pastTotalMonthlyCost"`
		Difference string `json:"diffTotalMonthlyCost"`
	}
	failure := w.infracost(&old, "breakdown", "--path", file, "--format", "json", "--no-color", "--log-level", "error")
	if failure == nil && old.Total != "" {
		difference, _ := strconv.ParseFloat(cmp.Or(old.Difference, "0"), 64)
		return fmt.Sprintf("%+.2f %s, from %s to %s, without what depends on use (Infracost)",
			difference, cmp.Or(old.Currency, "USD"), amount(old.Past), amount(old.Total))
	}
	// https://www.infracost.io/docs/features/terraform_plan_json/
	var now struct {
		Currency string `json:"currency"`
		Summary  struct {
			Total json.Number `json:"total_monthly_cost"`
		} `json:"summary"`
	}
	if err := w.infracost(&now, "scan", "--json", file); err == nil && now.Summary.Total != "" {
		return fmt.Sprintf("%s %s as planned, without what depends on use (Infracost)", amount(now.Summary.Total.String()), cmp.Or(now.Currency, "USD"))
	} else if failure == nil {
		failure = cmp.Or(err, errors.New("it told no price"))
	}
	return "not known: infracost: " + failure.Error()
}

func amount(text string) string {
	n, err := strconv.ParseFloat(cmp.Or(text, "0"), 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}

// infracost runs it and reads its JSON. The error is its own first line.
func (w *work) infracost(into any, arguments ...string) error {
	output, err := w.command(w.temp, []string{"INFRACOST_SKIP_UPDATE_CHECK=true"}, "infracost", arguments...).Output()
	if err == nil {
		return json.Unmarshal(output, into)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if line, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n"); line != "" {
			return errors.New(line)
		}
	}
	return err
}
