package localaws

import (
	"example.com/webserver-cluster/tests/localaws/databases"
	"example.com/webserver-cluster/tests/localaws/strict"
)

// addDatabases runs real servers behind the DB instances.
func (a *AWS) addDatabases(o Options) error {
	public := a.Config()
	public.AppID = strict.AWSItself
	d, err := databases.New(databases.Config{
		Engine: o.Databases,
		Front:  public,
		Moto:   a.MotoConfig(),
		Clock:  a.Clock,
		Log:    o.Log,
		Secret: func(id string) (string, bool) { return secretKey, id == accessKey },
	})
	if err != nil {
		return err
	}
	a.AtStop(d.Stop)
	d.Register(a.Front)
	a.Databases = d
	return nil
}
