package localaws

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"example.com/webserver-cluster/tests/localaws/metadata"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// Metadata implements servers.Outside.
func (n *Network) Metadata(d servers.Details) http.Handler {
	i := metadata.Instance{Instance: d.Instance, Region: d.Region, Account: motoAccount, UserData: d.UserData}
	n.mu.Lock()
	defer n.mu.Unlock()
	service := n.metadata[d.ID]
	if service == nil {
		service = metadata.New(metadata.Config{Credentials: n.credentials, SetHopLimit: servers.SetHopLimit}, i)
		n.metadata[d.ID] = service
	}
	service.Update(i)
	return service
}

// How long a role's credentials hold, and how long before their end there are new
// ones: "at least five minutes". AWS time.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
const (
	credentialsLife = 6 * time.Hour
	renewBefore     = 10 * time.Minute
)

// credentials are those of the role of an instance.
func (n *Network) credentials(ctx context.Context, i metadata.Instance) (*metadata.Credentials, error) {
	profile, id := aws.ToString(i.IamInstanceProfile.Arn), aws.ToString(i.InstanceId)
	n.mu.Lock()
	s := n.sessions[id+profile]
	n.mu.Unlock()
	if s == nil || time.Until(s.Expires) < n.aws.Clock.Real(renewBefore) {
		var err error
		if s, err = n.aws.access.Issue(ctx, i.Region, profile, id, n.aws.Clock.Real(credentialsLife)); err != nil {
			return nil, err
		}
		n.mu.Lock()
		n.sessions[id+profile] = s
		n.mu.Unlock()
	}
	return &metadata.Credentials{
		Role: s.Role, AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, Token: s.Token, Issued: s.Issued, Expires: s.Expires,
	}, nil
}
