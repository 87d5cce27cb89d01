package databases

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A token of IAM database authentication is the URL of a request that is never
// sent, presigned for the service rds-db.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
const (
	tokenService  = "rds-db"
	tokenLifetime = 15 * time.Minute
	clockSkew     = 5 * time.Minute // what SigV4 allows
	emptyHash     = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	timeFormat    = "20060102T150405Z"
)

// Connection is what a token asks for.
type Connection struct {
	AccessKeyID  string // whose signature it has
	SessionToken string // of temporary credentials, else ""

	// Resource is what the action rds-db:connect has to be allowed on, such as
	// arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-ABC/app.
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
	Resource string
}

// verifyToken returns what signed a token for a user at an endpoint, such as
// name.xyz.eu-central-1.rds.amazonaws.com:3306, or what is wrong with it.
// secret returns the secret of an access key.
func verifyToken(ctx context.Context, token, endpoint, region, user string, now time.Time, secret func(accessKeyID string) (string, bool)) (Connection, error) {
	u, err := url.Parse("https://" + token)
	if err != nil {
		return Connection{}, errors.New("it is not a URL without its scheme")
	}
	q := u.Query()
	if !strings.EqualFold(u.Host, endpoint) {
		return Connection{}, fmt.Errorf("it is for %s, not %s", u.Host, endpoint)
	}
	if q.Get("Action") != "connect" || q.Get("DBUser") != user {
		return Connection{}, fmt.Errorf("it is for the action %q and the user %q, not to connect as %q", q.Get("Action"), q.Get("DBUser"), user)
	}
	scope := strings.Split(q.Get("X-Amz-Credential"), "/")
	if len(scope) != 5 || scope[2] != region || scope[3] != tokenService || scope[4] != "aws4_request" {
		return Connection{}, fmt.Errorf("its credential is %q, not KEY/DATE/%s/%s/aws4_request", q.Get("X-Amz-Credential"), region, tokenService)
	}
	signed, err := time.Parse(timeFormat, q.Get("X-Amz-Date"))
	if err != nil {
		return Connection{}, fmt.Errorf("its X-Amz-Date is %q", q.Get("X-Amz-Date"))
	}
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	lifetime := time.Duration(seconds) * time.Second
	if err != nil || lifetime <= 0 || lifetime > tokenLifetime {
		return Connection{}, fmt.Errorf("its X-Amz-Expires is %q, not 1 to %.0f", q.Get("X-Amz-Expires"), tokenLifetime.Seconds())
	}
	if now.After(signed.Add(lifetime)) || signed.After(now.Add(clockSkew)) {
		return Connection{}, fmt.Errorf("it is valid for %v from %v on, and now is %v", lifetime, signed, now.UTC().Truncate(time.Second))
	}
	c := Connection{AccessKeyID: scope[0], SessionToken: q.Get("X-Amz-Security-Token")}
	key, ok := secret(c.AccessKeyID)
	if !ok {
		return Connection{}, fmt.Errorf("there is no access key %s", c.AccessKeyID)
	}
	signature, err := sign(ctx, u, aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: key, SessionToken: c.SessionToken}, region, signed)
	if err != nil {
		return Connection{}, err
	}
	if subtle.ConstantTimeCompare([]byte(signature), []byte(q.Get("X-Amz-Signature"))) != 1 {
		return Connection{}, errors.New("its signature is wrong")
	}
	return c, nil
}

// sign returns the signature that a presigned URL must have.
func sign(ctx context.Context, u *url.URL, c aws.Credentials, region string, at time.Time) (string, error) {
	q := u.Query()
	for _, name := range []string{"Algorithm", "Credential", "Date", "Security-Token", "Signature", "SignedHeaders"} {
		q.Del("X-Amz-" + name) // the signer adds them
	}
	bare := *u
	bare.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, bare.String(), nil)
	if err != nil {
		return "", err
	}
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, c, r, emptyHash, tokenService, region, at)
	if err != nil {
		return "", err
	}
	again, err := url.Parse(signed)
	if err != nil {
		return "", err
	}
	return again.Query().Get("X-Amz-Signature"), nil
}
