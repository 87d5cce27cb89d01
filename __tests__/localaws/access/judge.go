package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"example.com/webserver-cluster/tests/localaws/front"
)

// Judge issues credentials to instances, notes those that roles are assumed with, and judges
// what is done with them.
type Judge struct {
	config aws.Config
	roles  roles
	log    func(format string, args ...any)
	input  func(*front.Request) (operation string, input map[string]any, err error)
	asked  func(Asked)

	mu       sync.Mutex
	sessions map[string]*Session // by access key
}

// Asked is what a session asked for, one action on one resource.
type Asked struct {
	Role, Action, Resource string
	Refused                string // why; "" if it was allowed
	// Only is the Sid of the one statement that allows it; "" if there are several.
	Only string
}

// Session is a role that an instance has, or that somebody assumed, for as long as the
// credentials hold.
type Session struct {
	Role            string // its name
	ARN             string // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, of an instance with its id
	AccessKeyID     string
	SecretAccessKey string
	Token           string
	Issued, Expires time.Time

	roleARN string
}

func (s *Session) account() string { return partOf(s.roleARN).AccountID }

// partOf takes an ARN apart; what is none has no parts.
func partOf(text string) arn.ARN {
	parsed, _ := arn.Parse(text)
	return parsed
}

// New returns a judge for the AWS that config leads to, past any front. Input reads a
// request by its service's model. Log is told of what the judge does not understand.
func New(config aws.Config, input func(*front.Request) (string, map[string]any, error), log func(format string, args ...any)) *Judge {
	return &Judge{
		config:   config,
		input:    input,
		roles:    roles{client: iam.NewFromConfig(config), known: map[string]role{}},
		log:      log,
		sessions: map[string]*Session{},
	}
}

// shortest is the least that STS issues credentials for. Here they hold for life
// nevertheless.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const shortest = 15 * time.Minute

// Issue gives an instance credentials for the role in its profile, for life.
func (j *Judge) Issue(ctx context.Context, region, profileARN, instance string, life time.Duration) (*Session, error) {
	name, roleARN, err := j.roles.ofProfile(ctx, profileARN)
	if err != nil {
		return nil, err
	}
	out, err := sts.NewFromConfig(j.config, func(o *sts.Options) { o.Region = region }).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: &roleARN, RoleSessionName: &instance, DurationSeconds: aws.Int32(int32(shortest.Seconds())),
	})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	s := &Session{
		Role: name, roleARN: roleARN, ARN: aws.ToString(out.AssumedRoleUser.Arn),
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		Token:           aws.ToString(out.Credentials.SessionToken),
		Issued:          now, Expires: now.Add(life),
	}
	j.keep(s)
	return s, nil
}

func (j *Judge) keep(s *Session) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sessions[s.AccessKeyID] = s
}

// OnAsked has tell be told of everything that sessions ask for.
func (j *Judge) OnAsked(tell func(Asked)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked = tell
}

func (j *Judge) tell(a Asked) {
	j.mu.Lock()
	tell := j.asked
	j.mu.Unlock()
	if tell != nil {
		tell(a)
	}
}

func (j *Judge) session(accessKey string) *Session {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sessions[accessKey]
}

// Check returns the AWS error (a *front.Error) for a request of a session that may not
// make it.
func (j *Judge) Check(r *front.Request) error {
	s := j.session(r.AccessKey)
	if s == nil {
		return nil
	}
	switch {
	case r.Token() != s.Token:
		return refuse(r, "InvalidClientTokenId", "The security token included in the request is invalid.")
	case time.Now().After(s.Expires):
		return refuse(r, "ExpiredToken", "The security token included in the request is expired")
	}
	ctx := r.HTTP.Context()
	needs, err := j.needs(ctx, s, r)
	if err != nil {
		return err
	}
	for _, q := range needs {
		reason, err := j.may(ctx, s, r.Region, q)
		if err != nil {
			return err
		}
		if reason != "" {
			j.log("IAM: %s", reason)
			return refuse(r, "AccessDenied", reason)
		}
	}
	if reason, err := j.hidden(ctx, s, r); reason != "" || err != nil {
		return cmp.Or(err, refuse(r, "AccessDenied", reason))
	}
	return nil
}

// Secret is the secret access key of a session's credentials; false if there is no such
// session, or it has ended.
func (j *Judge) Secret(accessKey string) (string, bool) {
	s := j.session(accessKey)
	if s == nil || time.Now().After(s.Expires) {
		return "", false
	}
	return s.SecretAccessKey, true
}

// May returns nil if these credentials, a role's, allow the action to the resource, an ARN:
// rds-db:connect for example. Credentials that no role was assumed for may do everything.
func (j *Judge) May(ctx context.Context, accessKey, token, action, resource string) error {
	s := j.session(accessKey)
	switch {
	case s == nil:
		return nil
	case token != s.Token:
		return fmt.Errorf("the session token is not that of %s", s.ARN)
	case time.Now().After(s.Expires):
		return fmt.Errorf("the credentials of %s have expired", s.ARN)
	}
	reason, err := j.may(ctx, s, partOf(resource).Region, question{action: action, resource: resource})
	if err == nil && reason != "" {
		j.log("IAM: %s", reason)
		err = errors.New(reason)
	}
	return err
}

// may returns "", or why the session may not do what q asks.
func (j *Judge) may(ctx context.Context, s *Session, region string, q question) (string, error) {
	if q.action == "sts:GetCallerIdentity" {
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
		return "", nil // needs no permission
	}
	role, err := j.roles.get(ctx, s.Role)
	if err != nil {
		return "", err
	}
	account := s.account()
	values := map[string]string{
		"aws:securetransport":  "true", // the front stands for AWS's TLS end point
		"aws:principalarn":     s.roleARN,
		"aws:principalaccount": account,
		"aws:resourceaccount":  account,
		"aws:requestedregion":  region,
	}
	for key, value := range q.values {
		values[key] = value
	}
	q.values = values
	note := func(text string) { j.log("IAM: a policy of the role %s: %s", s.Role, text) }
	kind := "identity-based policy"
	answer := judge(role.policies, q, note)
	if answer == allowed && role.boundary != nil {
		kind = "permissions boundary"
		answer = judge(role.boundary, q, note)
	}
	if answer == allowed {
		j.tell(Asked{Role: s.Role, Action: q.action, Resource: q.resource, Only: only(role.policies, q)})
		return "", nil
	}
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
	reason := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s ", s.ARN, q.action, q.resource)
	if answer == denied {
		reason += "with an explicit deny in an " + kind
	} else {
		reason += fmt.Sprintf("because no %s allows the %s action", kind, q.action)
	}
	j.tell(Asked{Role: s.Role, Action: q.action, Resource: q.resource, Refused: reason})
	return reason, nil
}

// refuse is an error by its name in the Query protocol, as the request's service has it.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
func refuse(r *front.Request, code, message string) error {
	names := map[string]string{}
	status := http.StatusForbidden
	switch {
	case r.Service == "s3":
		names = map[string]string{"InvalidClientTokenId": "InvalidToken"}
	case r.Service == "ec2":
		names = map[string]string{"AccessDenied": "UnauthorizedOperation", "InvalidClientTokenId": "AuthFailure", "ExpiredToken": "RequestExpired"}
	case r.Params == nil: // the JSON protocols
		status = http.StatusBadRequest
		names = map[string]string{"AccessDenied": "AccessDeniedException", "InvalidClientTokenId": "UnrecognizedClientException", "ExpiredToken": "ExpiredTokenException"}
	}
	if name := names[code]; name != "" {
		code = name
	}
	return &front.Error{Code: code, Message: message, Status: status}
}

// secretARN is the ARN of the secret with this name or ARN.
func (j *Judge) secretARN(ctx context.Context, region, account, id string) string {
	client := secretsmanager.NewFromConfig(j.config, func(o *secretsmanager.Options) { o.Region = region })
	out, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	switch {
	case err == nil:
		return aws.ToString(out.ARN)
	case strings.HasPrefix(id, "arn:"):
		return id
	}
	return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s", region, account, id)
}
