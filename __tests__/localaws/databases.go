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

// connectDatabases returns what keeps the network's endpoints those of the DB instances.
func (a *AWS) connectDatabases(log func(string, ...any)) func([]databases.Endpoint) {
	there := map[string]bool{}
	return func(endpoints []databases.Endpoint) {
		gone := there
		there = map[string]bool{}
		for _, e := range endpoints {
			delete(gone, e.Name)
			there[e.Name] = true
			address := net.JoinHostPort(e.Name, strconv.Itoa(e.Port))
			err := a.Network.Attach(context.Background(), Endpoint{
				Name: e.Name, Region: e.Region, Subnets: e.Subnets, Groups: e.Groups, Port: e.Port,
				Dial: func(ctx context.Context) (net.Conn, error) { return a.Databases.Dial(ctx, address) },
			})
			if err != nil {
				log("the database %v", err)
			}
		}
		for name := range gone {
			a.Network.Detach(name)
		}
	}
}
