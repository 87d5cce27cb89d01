package balancer

import (
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// chooseGroup is the ARN of the target group to forward to, by weight if
// there are several.
func chooseGroup(action types.Action) string {
	if action.ForwardConfig == nil || len(action.ForwardConfig.TargetGroups) == 0 {
		return aws.ToString(action.TargetGroupArn)
	}
	groups := action.ForwardConfig.TargetGroups
	var sum int32
	for _, g := range groups {
		sum += weight(g)
	}
	if sum > 0 {
		n := mathrand.Int32N(sum)
		for _, g := range groups {
			if n -= weight(g); n < 0 {
				return aws.ToString(g.TargetGroupArn)
			}
		}
	}
	return aws.ToString(groups[0].TargetGroupArn)
}

func weight(g types.TargetGroupTuple) int32 {
	if g.Weight == nil {
		return 1
	}
	return *g.Weight
}

// redirect fills in what the configuration leaves as it is, by #{…} or by
// saying nothing.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
func redirect(w http.ResponseWriter, r *http.Request, l *listener, c *types.RedirectActionConfig) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	same := strings.NewReplacer(
		"#{protocol}", l.scheme(), "#{host}", host, "#{port}", strconv.Itoa(l.port),
		"#{path}", strings.TrimPrefix(r.URL.EscapedPath(), "/"), "#{query}", r.URL.RawQuery)
	value := func(s *string, otherwise string) string {
		if s == nil {
			return same.Replace(otherwise)
		}
		return same.Replace(*s)
	}
	scheme := strings.ToLower(value(c.Protocol, "#{protocol}"))
	target := scheme + "://" + value(c.Host, "#{host}")
	if port := value(c.Port, "#{port}"); port != map[string]string{"http": "80", "https": "443"}[scheme] {
		target += ":" + port
	}
	target += value(c.Path, "/#{path}")
	if query := value(c.Query, "#{query}"); query != "" {
		target += "?" + query
	}
	status := http.StatusFound
	if c.StatusCode == types.RedirectActionStatusCodeEnumHttp301 {
		status = http.StatusMovedPermanently
	}
	w.Header().Set("Server", "awselb/2.0")
	w.Header().Set("Location", target)
	w.WriteHeader(status)
}
