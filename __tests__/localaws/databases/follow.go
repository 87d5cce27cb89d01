package databases

import (
	"context"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// followInterval is how often the DB instances are looked at, in real time. What
// comes through the front is noticed at once.
const followInterval = 2 * time.Second

// follow brings the servers in line with the DB instances until Stop.
func (d *Databases) follow() {
	for d.ctx.Err() == nil {
		d.Sync(d.ctx)
		select {
		case <-time.After(followInterval):
		case <-d.ctx.Done():
		}
	}
}

// Sync starts servers for new DB instances, tells the others what has changed,
// and ends those of deleted ones. This happens by itself.
func (d *Databases) Sync(ctx context.Context) {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	found, err := d.describe(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.config.Log("databases: %v", err)
		}
		return // what was not read is not gone
	}
	live := map[string]bool{}
	for _, described := range found {
		arn := aws.ToString(described.DBInstanceArn)
		live[arn] = true
		d.mu.Lock()
		i := d.list[arn]
		d.mu.Unlock()
		if i != nil {
			err = i.update(ctx, described)
		} else if i, err = d.begin(described); err == nil {
			d.mu.Lock()
			d.list[arn] = i
			d.mu.Unlock()
		}
		if err != nil && ctx.Err() == nil {
			d.config.Log("databases: %s: %v", aws.ToString(described.DBInstanceIdentifier), err)
		}
	}
	d.forget(live)
	if now := d.Endpoints(); !reflect.DeepEqual(now, d.endpoints) {
		d.endpoints = now
		d.config.OnChange(now)
	}
}

// begin starts the server of a new DB instance, or of one with a new name: that has its
// data, and restarts.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
func (d *Databases) begin(described types.DBInstance) (*instance, error) {
	old := d.withResource(aws.ToString(described.DbiResourceId))
	if old == nil {
		return d.start(described)
	}
	kept, err := d.take(old)
	if err != nil {
		return nil, err
	}
	d.keepSeed(key(old.arn.Region, aws.ToString(described.DBInstanceIdentifier)), kept)
	i, err := d.start(described)
	if err == nil {
		i.outage("rebooting", rebootTime)
	}
	return i, err
}

// withResource finds a DB instance by what stays the same over all names.
func (d *Databases) withResource(id string) *instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range d.list {
		if i.resource == id {
			return i
		}
	}
	return nil
}

// forget ends the servers whose DB instances are gone.
func (d *Databases) forget(live map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for arn, i := range d.list {
		if !live[arn] {
			i.server.Close()
			delete(d.list, arn)
			delete(d.passwords, arn)
		}
	}
}

// describe returns the DB instances of MySQL that have an endpoint.
func (d *Databases) describe(ctx context.Context) ([]types.DBInstance, error) {
	d.mu.Lock()
	var clients []*rds.Client
	for _, c := range d.clients {
		clients = append(clients, c)
	}
	d.mu.Unlock()
	var found []types.DBInstance
	for _, client := range clients {
		pages := rds.NewDescribeDBInstancesPaginator(client, &rds.DescribeDBInstancesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, i := range page.DBInstances {
				if aws.ToString(i.Engine) == "mysql" && i.Endpoint != nil {
					found = append(found, i)
				}
			}
		}
	}
	return found, nil
}
