package localaws

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
	"example.com/webserver-cluster/tests/localaws/strict"
)

// waiting are the parameters of ModifyDBInstance that wait for the maintenance window
// unless ApplyImmediately, with their names in a DB instance's description. All others are
// applied at once, whatever the request says: those of BackupRetentionPeriod, too, as
// long as there are backups before and after. moto applies everything at once.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
// (column "When the change is applied")
var waiting = map[string]string{
	"AllocatedStorage":                "AllocatedStorage",
	"BackupRetentionPeriod":           "BackupRetentionPeriod",
	"CACertificateIdentifier":         "CACertificateIdentifier",
	"DBInstanceClass":                 "DBInstanceClass",
	"EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
	"EngineVersion":                   "EngineVersion",
	"Iops":                            "Iops",
	"MultiAZ":                         "MultiAZ",
	"NewDBInstanceIdentifier":         "DBInstanceIdentifier",
	"StorageThroughput":               "StorageThroughput",
	"StorageType":                     "StorageType",
}

// After its storage has grown, a DB instance is in the state storage-optimization, for
// minutes or hours, and its storage cannot change for six hours.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
const (
	optimizing      = time.Hour
	betweenGrowths  = 6 * time.Hour
	leastGrowth     = 1.1 // less is rounded up to it, see API_ModifyDBInstance
	allowMajor      = "AllowMajorVersionUpgrade"
	applyAtOnce     = "ApplyImmediately"
	parameterGroup  = "DBParameterGroupName"
	storageSize     = "AllocatedStorage"
	retentionPeriod = "BackupRetentionPeriod"
)

// databaseChanges are the changes of DB instances that wait, and their storage's growth,
// by region, "/" and identifier.
type databaseChanges struct {
	aws *AWS

	mu      sync.Mutex
	pending map[string]url.Values
	grown   map[string]time.Time
}

// deferDatabaseChanges has changes of DB instances wait for the maintenance window where
// they do on AWS.
func (a *AWS) deferDatabaseChanges() {
	a.changes = &databaseChanges{aws: a, pending: map[string]url.Values{}, grown: map[string]time.Time{}}
	a.Front.Handle("rds", "ModifyDBInstance", a.changes.modify)
	a.Front.Handle("rds", "DescribeDBInstances", a.changes.describe)
	a.Front.Handle("rds", "DeleteDBInstance", a.changes.forget)
}

// MaintenanceWindow makes the changes of a DB instance that wait for it, as if it had begun.
// It does not come by itself.
func (a *AWS) MaintenanceWindow(ctx context.Context, id string) error {
	a.changes.mu.Lock()
	_, waits := a.changes.pending[a.region+"/"+strings.ToLower(id)]
	a.changes.mu.Unlock()
	if !waits {
		return nil
	}
	config := a.Config()
	config.AppID = strict.AWSItself
	_, err := rds.NewFromConfig(config).ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &id, ApplyImmediately: aws.Bool(true)})
	return err
}

func databaseKey(r *front.Request) string {
	return r.Region + "/" + strings.ToLower(r.Params.Get("DBInstanceIdentifier"))
}

// modify takes out of the request what has to wait, or puts in what has waited: with
// ApplyImmediately, all pending changes are made, too.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html
func (c *databaseChanges) modify(r *front.Request, next front.Next) (*front.Response, error) {
	now, err := c.aws.database(r.HTTP.Context(), r.Region, r.Params.Get("DBInstanceIdentifier"))
	if err != nil {
		return next(r) // which knows the error
	}
	name := databaseKey(r)
	c.mu.Lock()
	pending := maps.Clone(c.pending[name])
	c.mu.Unlock()
	if pending == nil {
		pending = url.Values{}
	}
	if r.Params.Get(applyAtOnce) == "true" {
		for parameter, value := range pending {
			if !r.Params.Has(parameter) {
				r.Params[parameter] = value
			}
		}
		pending = nil
	} else {
		for parameter, described := range waiting {
			value := r.Params.Get(parameter)
			if value == "" || parameter == retentionPeriod && (value == "0") == (aws.ToInt32(now.BackupRetentionPeriod) == 0) {
				continue
			}
			delete(pending, parameter) // the last word counts
			if !sameValue(value, described, now) {
				pending.Set(parameter, value)
			}
			r.Params.Del(parameter)
		}
		if pending.Has("EngineVersion") && r.Params.Has(allowMajor) {
			pending.Set(allowMajor, r.Params.Get(allowMajor))
		}
		// Until the upgrade, the instance keeps its group: the new one is of another family.
		// https://github.com/hashicorp/terraform-provider-aws/pull/47121
		if version := pending.Get("EngineVersion"); version != "" && majorVersion(version) != majorVersion(aws.ToString(now.EngineVersion)) && r.Params.Has(parameterGroup) {
			pending.Set(parameterGroup, r.Params.Get(parameterGroup))
			r.Params.Del(parameterGroup)
		}
	}
	grows := growth(r.Params, now)
	resp, err := next(r)
	if err != nil || !resp.OK() {
		return resp, err
	}
	c.mu.Lock()
	delete(c.pending, name)
	if len(pending) > 0 {
		c.pending[name] = pending
	}
	if grows {
		c.grown[name] = c.aws.Clock.Now()
	}
	other := r.Params.Get("NewDBInstanceIdentifier")
	if at, grown := c.grown[name]; grown && other != "" {
		delete(c.grown, name)
		c.grown[r.Region+"/"+strings.ToLower(other)] = at
	}
	c.mu.Unlock()
	return resp, c.tell(r.Region, resp)
}

// growth tells whether the storage grows, by a tenth at the least.
func growth(params url.Values, now types.DBInstance) bool {
	wanted, err := strconv.Atoi(params.Get(storageSize))
	size := int(aws.ToInt32(now.AllocatedStorage))
	if err != nil || wanted <= size {
		return false
	}
	params.Set(storageSize, strconv.Itoa(max(wanted, int(math.Ceil(float64(size)*leastGrowth)))))
	return true
}

// sameValue tells whether a DB instance has a value in its description already.
func sameValue(value, field string, now types.DBInstance) bool {
	found := reflect.ValueOf(now).FieldByName(field)
	return !found.IsNil() && strings.EqualFold(fmt.Sprint(found.Elem()), value)
}

func (c *databaseChanges) describe(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil {
		return nil, err
	}
	return resp, c.tell(r.Region, resp)
}

// tell has an answer describe what waits, and storage that has grown.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PendingModifiedValues.html
func (c *databaseChanges) tell(region string, resp *front.Response) error {
	return resp.UpdateXML(func(root *etree.Element) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, id := range root.FindElements(".//DBInstanceIdentifier") {
			instance := id.Parent()
			status := instance.SelectElement("DBInstanceStatus")
			if status == nil {
				continue // not a DB instance's description
			}
			name := region + "/" + strings.ToLower(id.Text())
			pending := etree.NewElement("PendingModifiedValues")
			for _, parameter := range slices.Sorted(maps.Keys(c.pending[name])) {
				if described := waiting[parameter]; described != "" {
					pending.CreateElement(described).SetText(c.pending[name].Get(parameter))
				}
			}
			setChild(instance, "PendingModifiedValues", pending, "")
			if at, grown := c.grown[name]; grown && status.Text() == "available" && c.aws.Clock.Since(at) < optimizing {
				status.SetText("storage-optimization")
			}
		}
	})
}

func (c *databaseChanges) forget(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err == nil && resp.OK() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pending, databaseKey(r))
		delete(c.grown, databaseKey(r))
	}
	return resp, err
}

// database is a DB instance as moto has it.
func (a *AWS) database(ctx context.Context, region, id string) (types.DBInstance, error) {
	client := rds.NewFromConfig(a.MotoConfig(), func(o *rds.Options) { o.Region = region })
	found, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	if err != nil {
		return types.DBInstance{}, err
	}
	if len(found.DBInstances) != 1 {
		return types.DBInstance{}, fmt.Errorf("DB instance %s: found %d", id, len(found.DBInstances))
	}
	return found.DBInstances[0], nil
}

// storageChange: storage only grows, and not again within six hours. moto takes any
// size at any time.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
func (a *AWS) storageChange(call strict.Call) []strict.Fault {
	if !call.Has(storageSize) {
		return nil
	}
	wanted := int(call.Number(storageSize))
	now, err := a.database(call.Request.HTTP.Context(), call.Request.Region, call.Text("DBInstanceIdentifier"))
	size := int(aws.ToInt32(now.AllocatedStorage))
	if err != nil || wanted == size {
		return nil
	}
	if wanted < size {
		return []strict.Fault{strict.Faultf("InvalidParameterCombination", "The storage of a DB instance cannot be decreased: it is %d GiB, and the request says %d.", size, wanted)}
	}
	a.changes.mu.Lock()
	defer a.changes.mu.Unlock()
	if at, grown := a.changes.grown[databaseKey(call.Request)]; grown && a.Clock.Since(at) < betweenGrowths {
		return []strict.Fault{strict.Faultf("InvalidParameterCombination", "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.")}
	}
	return nil
}
