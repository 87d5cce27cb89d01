package databases

import (
	"strings"

	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// Register has the databases notice at once what clients of f do to DB instances,
// and DB instances described as what they are.
func (d *Databases) Register(f *front.Front) {
	for action, around := range map[string]func(*front.Request, front.Next) (*front.Response, error){
		"CreateDBInstance":                d.remember,
		"ModifyDBInstance":                d.modify,
		"ModifyDBParameterGroup":          pass,
		"ResetDBParameterGroup":           pass,
		"RebootDBInstance":                d.reboot,
		"DeleteDBInstance":                d.delete,
		"CreateDBSnapshot":                d.snapshot,
		"RestoreDBInstanceFromDBSnapshot": d.restoreSnapshot,
		"RestoreDBInstanceToPointInTime":  d.restoreNow,
	} {
		f.Handle("rds", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := around(r, next)
			if err == nil && resp.OK() {
				d.addRegion(r.Region)
				d.Sync(d.ctx)
			}
			return resp, err
		})
	}
	f.Handle("rds", "DescribeDBInstances", d.describeOutages)
}

func pass(r *front.Request, next front.Next) (*front.Response, error) { return next(r) }

// key names a thing in a region. RDS's identifiers know no case.
func key(region, id string) string { return region + "/" + strings.ToLower(id) }

// here returns the instance that a request names.
func (d *Databases) here(r *front.Request, parameter string) *instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range d.list {
		if key(i.arn.Region, i.id) == key(r.Region, r.Params.Get(parameter)) {
			return i
		}
	}
	return nil
}

// modify lets nobody look while a DB instance gets another name: moto takes it out before it
// puts it in again, and what is not there is gone for good.
func (d *Databases) modify(r *front.Request, next front.Next) (*front.Response, error) {
	if r.Params.Has("NewDBInstanceIdentifier") {
		d.syncing.Lock()
		defer d.syncing.Unlock()
	}
	return d.remember(r, next)
}

// remember keeps the password that a DB instance is given.
func (d *Databases) remember(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if password := r.Params.Get("MasterUserPassword"); err == nil && resp.OK() && password != "" {
		err = resp.UpdateXML(func(root *etree.Element) {
			if arn := root.FindElement(".//DBInstanceArn"); arn != nil {
				d.mu.Lock()
				defer d.mu.Unlock()
				d.passwords[arn.Text()] = password
			}
		})
	}
	return resp, err
}

func (d *Databases) reboot(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if i := d.here(r, "DBInstanceIdentifier"); err == nil && resp.OK() && i != nil {
		length := rebootTime
		if r.Params.Get("ForceFailover") == "true" {
			length = failoverTime
		}
		i.outage("rebooting", length)
	}
	return resp, err
}

func (d *Databases) delete(r *front.Request, next front.Next) (*front.Response, error) {
	id := r.Params.Get("FinalDBSnapshotIdentifier")
	if id == "" {
		return next(r)
	}
	kept, err := d.take(d.here(r, "DBInstanceIdentifier"))
	if err != nil {
		return nil, err
	}
	resp, err := next(r)
	if err == nil && resp.OK() {
		d.keep(key(r.Region, id), kept)
	}
	return resp, err
}

func (d *Databases) snapshot(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil || !resp.OK() {
		return resp, err
	}
	kept, err := d.take(d.here(r, "DBInstanceIdentifier"))
	if err == nil {
		d.keep(key(r.Region, r.Params.Get("DBSnapshotIdentifier")), kept)
	}
	return resp, err
}

// restoreSnapshot has the new DB instance begin with a snapshot's data. A
// snapshot that RDS took by itself at the DB instance's creation is empty.
func (d *Databases) restoreSnapshot(r *front.Request, next front.Next) (*front.Response, error) {
	id := r.Params.Get("DBSnapshotIdentifier")
	if _, name, isARN := strings.Cut(id, ":snapshot:"); isARN {
		id = name
	}
	d.mu.Lock()
	kept := d.snapshots[key(r.Region, id)]
	d.mu.Unlock()
	return d.restore(r, next, "DBInstanceIdentifier", kept)
}

// restoreNow restores to the latest restorable time, which is now here. Of
// earlier moments no data is kept.
func (d *Databases) restoreNow(r *front.Request, next front.Next) (*front.Response, error) {
	if r.Params.Get("UseLatestRestorableTime") != "true" {
		return nil, front.Errorf("NotImplemented", "The local AWS restores to the latest restorable time only: it keeps no data of %s.", r.Params.Get("RestoreTime"))
	}
	kept, err := d.take(d.here(r, "SourceDBInstanceIdentifier"))
	if err != nil {
		return nil, err
	}
	return d.restore(r, next, "TargetDBInstanceIdentifier", kept)
}

func (d *Databases) restore(r *front.Request, next front.Next, target string, kept snapshot) (*front.Response, error) {
	name := key(r.Region, r.Params.Get(target))
	d.keepSeed(name, kept)
	resp, err := next(r)
	if err != nil || !resp.OK() {
		d.mu.Lock()
		delete(d.seeds, name)
		d.mu.Unlock()
	}
	return resp, err
}

// take copies a DB instance's data; nil has none.
func (d *Databases) take(i *instance) (snapshot, error) {
	if i == nil {
		return snapshot{}, nil
	}
	dump, err := i.server.Dump()
	d.mu.Lock()
	defer d.mu.Unlock()
	return snapshot{dump, d.passwords[i.arn.String()]}, err
}

func (d *Databases) keep(name string, s snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.snapshots[name] = s
}

func (d *Databases) keepSeed(name string, s snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seeds[name] = s
}

// takeSeed returns what a new DB instance begins with.
func (d *Databases) takeSeed(arn, name string) snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	seed := d.seeds[name]
	delete(d.seeds, name)
	if seed.password != "" && d.passwords[arn] == "" {
		d.passwords[arn] = seed.password
	}
	return seed
}

// describeOutages: moto's DB instances are always available.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
func (d *Databases) describeOutages(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil || !resp.OK() {
		return resp, err
	}
	return resp, resp.UpdateXML(func(root *etree.Element) {
		for _, arn := range root.FindElements(".//DBInstances/DBInstance/DBInstanceArn") {
			d.mu.Lock()
			i := d.list[arn.Text()]
			d.mu.Unlock()
			if i == nil {
				continue
			}
			i.mu.Lock()
			status, waits := i.status, i.waits
			i.mu.Unlock()
			if e := arn.Parent().SelectElement("DBInstanceStatus"); e != nil && status != "" {
				e.SetText(status)
			}
			// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBParameterGroupStatus.html
			if e := arn.Parent().FindElement("DBParameterGroups/DBParameterGroup/ParameterApplyStatus"); e != nil && waits {
				e.SetText("pending-reboot")
			}
		}
	})
}
