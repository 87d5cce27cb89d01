package databases

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// instance is a DB instance and its server.
type instance struct {
	databases *Databases
	arn       arn.ARN
	id        string // DB instance identifier
	endpoint  string // DNS name
	port      int32
	resource  string // DbiResourceId
	server    Server

	mu       sync.Mutex
	latest   types.DBInstance // as last described
	booted   bool             // it runs with the parameters below
	group    string           // its DB parameter group
	required bool             // require_secure_transport
	waits    bool             // its parameter group has what takes effect at the next restart
	outages  int              // under way
	status   string           // during an outage
}

// start starts the server of a DB instance.
func (d *Databases) start(described types.DBInstance) (*instance, error) {
	parsed, err := arn.Parse(aws.ToString(described.DBInstanceArn))
	if err != nil {
		return nil, err
	}
	i := &instance{
		databases: d, arn: parsed, id: aws.ToString(described.DBInstanceIdentifier),
		endpoint: aws.ToString(described.Endpoint.Address), port: aws.ToInt32(described.Endpoint.Port),
		resource: aws.ToString(described.DbiResourceId), latest: described,
	}
	settings, err := i.settings(d.ctx)
	if err != nil {
		return nil, err
	}
	certificate, err := d.ca.Sign(i.endpoint)
	if err != nil {
		return nil, err
	}
	seed := d.takeSeed(i.arn.String(), key(i.arn.Region, i.id))
	i.server, err = d.config.Engine(Options{
		Endpoint: i.endpoint, Version: aws.ToString(described.EngineVersion), Database: aws.ToString(described.DBName),
		User: aws.ToString(described.MasterUsername), Certificate: certificate, Settings: settings, Dump: seed.dump,
		Password: i.password, Token: i.token, Log: d.config.Log,
	})
	return i, err
}

func (i *instance) where() Endpoint {
	i.mu.Lock()
	defer i.mu.Unlock()
	e := Endpoint{Name: i.endpoint, Port: int(i.port), Region: i.arn.Region}
	if i.latest.DBSubnetGroup != nil {
		for _, s := range i.latest.DBSubnetGroup.Subnets {
			e.Subnets = append(e.Subnets, aws.ToString(s.SubnetIdentifier))
		}
	}
	for _, g := range i.latest.VpcSecurityGroups {
		e.Groups = append(e.Groups, aws.ToString(g.VpcSecurityGroupId))
	}
	return e
}

// password is the master user's.
func (i *instance) password(ctx context.Context) (string, error) {
	i.mu.Lock()
	managed := i.latest.MasterUserSecret
	i.mu.Unlock()
	if managed == nil {
		i.databases.mu.Lock()
		defer i.databases.mu.Unlock()
		return i.databases.passwords[i.arn.String()], nil
	}
	client := secretsmanager.NewFromConfig(i.databases.config.Moto, func(o *secretsmanager.Options) { o.Region = i.arn.Region })
	secret, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: managed.SecretArn})
	if err != nil {
		return "", err
	}
	var content struct{ Password string }
	if err := json.Unmarshal([]byte(aws.ToString(secret.SecretString)), &content); err != nil {
		return "", fmt.Errorf("secret %s: %w", aws.ToString(managed.SecretArn), err)
	}
	return content.Password, nil
}

// token judges a login by IAM database authentication.
func (i *instance) token(ctx context.Context, user, token string) error {
	c, err := verifyToken(ctx, token, net.JoinHostPort(i.endpoint, strconv.Itoa(int(i.port))), i.arn.Region, user, time.Now(), i.databases.config.Secret)
	if err != nil {
		return fmt.Errorf("the token of %s: %w", user, err)
	}
	c.Resource = arn.ARN{
		Partition: i.arn.Partition, Service: tokenService, Region: i.arn.Region, AccountID: i.arn.AccountID,
		Resource: "dbuser:" + i.resource + "/" + user,
	}.String()
	return i.databases.config.Allow(ctx, c)
}

// settings are those that a DB instance is to run with. A parameter of another
// group, or with the method pending-reboot, waits for the next start.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
func (i *instance) settings(ctx context.Context) (Settings, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var group string
	if len(i.latest.DBParameterGroups) > 0 {
		group = aws.ToString(i.latest.DBParameterGroups[0].DBParameterGroupName)
	}
	required, now, err := i.parameter(ctx, group, "require_secure_transport")
	if err != nil {
		return Settings{}, err
	}
	if !i.booted || now && group == i.group {
		i.required = required
	}
	if !i.booted {
		i.booted, i.group = true, group
	}
	i.waits = group != i.group || required != i.required
	return Settings{RequireTLS: i.required, IAM: aws.ToBool(i.latest.IAMDatabaseAuthenticationEnabled)}, nil
}

// parameter reads a boolean parameter of a group, and whether it takes effect
// without a restart.
func (i *instance) parameter(ctx context.Context, group, name string) (on, now bool, err error) {
	if group == "" || strings.HasPrefix(group, "default.") {
		return false, true, nil
	}
	client := rds.NewFromConfig(i.databases.config.Moto, func(o *rds.Options) { o.Region = i.arn.Region })
	pages := rds.NewDescribeDBParametersPaginator(client, &rds.DescribeDBParametersInput{DBParameterGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, false, err
		}
		for _, p := range page.Parameters {
			if aws.ToString(p.ParameterName) == name {
				return aws.ToString(p.ParameterValue) == "1", p.ApplyMethod == types.ApplyMethodImmediate, nil
			}
		}
	}
	return false, true, nil
}

// update takes a new description.
func (i *instance) update(ctx context.Context, described types.DBInstance) error {
	i.mu.Lock()
	before := i.latest
	i.latest = described
	i.mu.Unlock()
	settings, err := i.settings(ctx)
	if err != nil {
		return err
	}
	i.server.Set(settings)
	if status, length := interruption(before, described); length > 0 {
		i.outage(status, length)
	}
	return nil
}
