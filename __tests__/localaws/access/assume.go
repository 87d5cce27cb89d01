package access

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// Register has the judge note who assumes a role through the front, and ask the role's
// trust policy. A role that there is not in the local AWS is one of another account: moto
// issues credentials for it, and those may do everything, as they always could.
func (j *Judge) Register(f *front.Front) {
	f.Handle("sts", "AssumeRole", func(r *front.Request, next front.Next) (*front.Response, error) {
		principal, account := "arn:aws:iam::123456789012:root", "123456789012" // of moto, for whoever is not a session
		if s := j.session(r.AccessKey); s != nil {
			principal, account = s.roleARN, s.account()
		}
		return j.assume(r, next, question{action: "sts:AssumeRole", values: map[string]string{
			"sts:externalid": r.Params.Get("ExternalId"), "aws:principalarn": principal, "aws:principalaccount": account,
		}}, func(principals principals) bool {
			root := "arn:aws:iam::" + account + ":root"
			return principals.has("AWS", func(p string) bool { return p == "*" || p == principal || p == root || p == account })
		})
	})
	// Nobody signs it: the token says who asks.
	f.Handle("", "AssumeRoleWithWebIdentity", func(r *front.Request, next front.Next) (*front.Response, error) {
		claims, err := readToken(r.Params.Get("WebIdentityToken"))
		if err != nil {
			return nil, front.Errorf("InvalidIdentityToken", "%v", err)
		}
		host := strings.TrimPrefix(claims.Issuer, "https://")
		if time.Now().After(time.Unix(claims.Expires, 0)) {
			return nil, front.Errorf("ExpiredTokenException", "Token expired")
		}
		provider := "arn:aws:iam::" + partOf(r.Params.Get("RoleArn")).AccountID + ":oidc-provider/" + host
		known, err := j.roles.client.GetOpenIDConnectProvider(r.HTTP.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &provider})
		if err != nil {
			return nil, front.Errorf("InvalidIdentityToken", "No OpenIDConnect provider found in your account for %s", claims.Issuer)
		}
		if !slices.Contains(known.ClientIDList, claims.Audience) {
			return nil, front.Errorf("InvalidIdentityToken", "Incorrect token audience")
		}
		values := map[string]string{host + ":aud": claims.Audience, host + ":sub": claims.Subject}
		for _, name := range gitHubClaims {
			if value, is := claims.all[name].(string); is && host == "token.actions.githubusercontent.com" {
				values[host+":"+name] = value
			}
		}
		return j.assume(r, next, question{action: "sts:AssumeRoleWithWebIdentity", values: values}, func(principals principals) bool {
			return principals.has("Federated", func(p string) bool { return p == provider })
		})
	})
}

// assume passes a request for a role's credentials on, if its trust policy allows q to
// whom isWho recognises, and notes the session.
func (j *Judge) assume(r *front.Request, next front.Next, q question, isWho func(principals) bool) (*front.Response, error) {
	roleARN := r.Params.Get("RoleArn")
	name := roleARN[strings.LastIndexByte(roleARN, '/')+1:]
	role, err := j.roles.get(r.HTTP.Context(), name)
	var missing *iamtypes.NoSuchEntityException
	switch {
	case errors.As(err, &missing) && q.action == "sts:AssumeRole":
		return next(r)
	case errors.As(err, &missing), err == nil && role.arn != roleARN:
		return nil, denied403(q.action, roleARN)
	case err != nil:
		return nil, err
	}
	q.resource = roleARN
	if !role.trusts(q, isWho, func(text string) { j.log("IAM: the trust policy of the role %s: %s", name, text) }) {
		return nil, denied403(q.action, roleARN)
	}
	life := time.Hour
	if seconds, err := strconv.Atoi(r.Params.Get("DurationSeconds")); err == nil {
		life = time.Duration(seconds) * time.Second
	}
	if life > role.longest { // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
		return nil, front.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	r.Params.Del("DurationSeconds") // credentials end by this judge's clock
	resp, err := next(r)
	if err != nil || !resp.OK() {
		return resp, err
	}
	now := time.Now()
	s := &Session{Role: name, roleARN: roleARN, Issued: now, Expires: now.Add(life)}
	err = resp.UpdateXML(func(root *etree.Element) {
		for path, into := range map[string]*string{
			"AccessKeyId": &s.AccessKeyID, "SecretAccessKey": &s.SecretAccessKey, "SessionToken": &s.Token, "Arn": &s.ARN,
		} {
			if e := root.FindElement(".//" + path); e != nil {
				*into = e.Text()
			}
		}
		if e := root.FindElement(".//Expiration"); e != nil {
			e.SetText(s.Expires.UTC().Format(time.RFC3339))
		}
	})
	if err != nil {
		return nil, err
	}
	j.keep(s)
	return resp, nil
}

func denied403(action, role string) error {
	return &front.Error{Code: "AccessDenied", Message: fmt.Sprintf("Not authorized to perform %s on resource: %s", action, role), Status: http.StatusForbidden}
}

// trusts tells whether the role's trust policy allows q to somebody.
func (r role) trusts(q question, isWho func(principals) bool, note func(string)) bool {
	var about document
	for _, s := range r.trust.Statement {
		var who principals
		if json.Unmarshal(s.Principal, &who) != nil || !isWho(who) {
			continue
		}
		s.Resource = list[string]{"*"} // a trust policy is about its role
		about.Statement = append(about.Statement, s)
	}
	return judge([]document{about}, q, note) == allowed
}

// principals are whom a trust policy's statement speaks of, by kind.
type principals map[string]list[string]

func (p *principals) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(data, (*map[string]list[string])(p))
}

func (p principals) has(kind string, is func(string) bool) bool {
	return slices.ContainsFunc(p[kind], is)
}

// claims are what a token says.
// https://docs.github.com/en/actions/concepts/security/openid-connect
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Expires  int64  `json:"exp"`

	all map[string]any
}

// gitHubClaims are those of GitHub's tokens, besides aud and sub, that a trust policy can ask
// for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
var gitHubClaims = []string{"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id", "workflow"}

// readToken reads a JSON Web Token. Its signature is not looked at: the local AWS has no way
// to the issuer's keys, and a test no way to sign with them.
// https://www.rfc-editor.org/rfc/rfc7519
func readToken(token string) (claims, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errors.New("The ID Token provided is not a valid JWT")
	}
	content, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = errors.Join(json.Unmarshal(content, &c), json.Unmarshal(content, &c.all))
	}
	return c, err
}
