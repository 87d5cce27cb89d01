package localaws

import (
	"context"
	"net"
	"strconv"

	"example.com/webserver-cluster/tests/localaws/databases"
	"example.com/webserver-cluster/tests/localaws/strict"
)

// addDatabases runs real servers behind the DB instances, where instances reach them as
// far as security groups and IAM allow.
func (a *AWS) addDatabases(o Options) error {
	public := a.Config()
	public.AppID = strict.AWSItself
	config := databases.Config{
		Engine: o.Databases,
		Front:  public,
		Moto:   a.MotoConfig(),
		Clock:  a.Clock,
		Log:    o.Log,
		Secret: func(id string) (string, bool) {
			if id == accessKey {
				return secretKey, true
			}
			return a.access.Secret(id)
		},
		Allow: func(ctx context.Context, c databases.Connection) error {
			return a.access.May(ctx, c.AccessKeyID, c.SessionToken, "rds-db:connect", c.Resource)
		},
	}
	if a.Network != nil {
		config.OnChange = a.connectDatabases(o.Log)
	}
	d, err := databases.New(config)
	if err != nil {
		return err
	}
	a.AtStop(d.Stop)
	d.Register(a.Front)
	a.Databases = d
	return nil
}

// connectDatabases returns what has the network's endpoints be those of the DB instances.
func (a *AWS) connectDatabases(log func(string, ...any)) func([]databases.Endpoint) {
	return func(there []databases.Endpoint) {
		var endpoints []Endpoint
		for _, e := range there {
			address := net.JoinHostPort(e.Name, strconv.Itoa(e.Port))
			endpoints = append(endpoints, Endpoint{
				Name: e.Name, Region: e.Region, Subnets: e.Subnets, Groups: e.Groups, Port: e.Port,
				Dial: func(ctx context.Context) (net.Conn, error) { return a.Databases.Dial(ctx, address) },
			})
		}
		if err := a.Network.SetEndpoints(context.Background(), endpoints); err != nil {
			log("databases: %v", err)
		}
	}
}
