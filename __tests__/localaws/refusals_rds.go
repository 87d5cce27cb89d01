package localaws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"example.com/webserver-cluster/tests/localaws/strict"
)

func (a *AWS) refuseRDS(g *strict.Gate) {
	g.Add("rds", a.parametersOfFamily, "ModifyDBParameterGroup")
	g.Add("rds", a.subnetGroup, "CreateDBSubnetGroup", "ModifyDBSubnetGroup")
	g.Add("rds", a.subnetGroupTaken, "CreateDBSubnetGroup")
	g.Add("rds", a.databaseGroupUsed, "DeleteDBSubnetGroup", "DeleteDBParameterGroup")
	g.Add("rds", a.databaseNetwork, "CreateDBInstance", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime")
	g.Add("rds", a.majorUpgrade, "ModifyDBInstance")
	g.Add("rds", a.storageChange, "ModifyDBInstance")
	g.Add("rds", a.pointInTime, "RestoreDBInstanceToPointInTime")
}

// parametersOfFamily: moto takes any parameter with any value.
func (a *AWS) parametersOfFamily(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	found, err := rds.NewFromConfig(config).DescribeDBParameterGroups(ctx, &rds.DescribeDBParameterGroupsInput{
		DBParameterGroupName: aws.String(call.Text("DBParameterGroupName")),
	})
	if err != nil || len(found.DBParameterGroups) != 1 {
		return nil
	}
	return strict.DBParameters(aws.ToString(found.DBParameterGroups[0].DBParameterGroupFamily), call)
}

// subnetGroup: its subnets cover two zones of one VPC, and it stays in its VPC.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html#API_ModifyDBSubnetGroup_Errors
func (a *AWS) subnetGroup(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	subnets := subnetsOf(ctx, config, call.Texts("SubnetIds"))
	if subnets == nil {
		return nil
	}
	var faults []strict.Fault
	zones, vpcs := placesOf(subnets)
	if len(zones) < 2 {
		faults = append(faults, strict.Faultf("DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(zones, ", ")))
	}
	if call.Action == "ModifyDBSubnetGroup" {
		found, err := rds.NewFromConfig(config).DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{
			DBSubnetGroupName: aws.String(call.Text("DBSubnetGroupName")),
		})
		if err == nil && len(found.DBSubnetGroups) == 1 && !slices.Contains(vpcs, aws.ToString(found.DBSubnetGroups[0].VpcId)) {
			return append(faults, strict.Faultf("InvalidSubnet", "The new Subnets are not in the same Vpc as the existing subnet group"))
		}
	}
	if len(vpcs) > 1 {
		faults = append(faults, strict.Faultf("InvalidSubnet", "Subnets are not all in the same VPC: %s", strings.Join(vpcs, ", ")))
	}
	return faults
}

// databaseNetwork: a DB instance and its security groups are in one VPC.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
func (a *AWS) databaseNetwork(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	name := call.Text("DBSubnetGroupName")
	if name == "" {
		return nil
	}
	found, err := rds.NewFromConfig(config).DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: &name})
	if err != nil || len(found.DBSubnetGroups) != 1 {
		return nil
	}
	for _, g := range groupsOf(ctx, config, call.Texts("VpcSecurityGroupIds")) {
		if aws.ToString(g.VpcId) != aws.ToString(found.DBSubnetGroups[0].VpcId) {
			return []strict.Fault{strict.Faultf("InvalidVPCNetworkStateFault",
				"The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group is in %s",
				aws.ToString(found.DBSubnetGroups[0].VpcId), aws.ToString(g.VpcId))}
		}
	}
	return nil
}

// subnetGroupTaken: moto replaces a DB subnet group by another of its name.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html#API_CreateDBSubnetGroup_Errors
func (a *AWS) subnetGroupTaken(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	name := strings.ToLower(call.Text("DBSubnetGroupName")) // RDS stores it so
	found, err := rds.NewFromConfig(config).DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: &name})
	if err != nil || len(found.DBSubnetGroups) == 0 {
		return nil
	}
	return []strict.Fault{strict.Faultf("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", name)}
}

// databaseGroupUsed: what a DB instance uses cannot go before it. moto lets it.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html#API_DeleteDBSubnetGroup_Errors,
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBParameterGroup.html#API_DeleteDBParameterGroup_Errors
func (a *AWS) databaseGroupUsed(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	found, err := rds.NewFromConfig(config).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	if err != nil {
		return nil
	}
	subnets, parameters := call.Text("DBSubnetGroupName"), call.Text("DBParameterGroupName")
	for _, d := range found.DBInstances {
		if subnets != "" && d.DBSubnetGroup != nil && aws.ToString(d.DBSubnetGroup.DBSubnetGroupName) == subnets {
			return []strict.Fault{strict.Faultf("InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '%s' because at least one database instance: %s is still using it.", subnets, aws.ToString(d.DBInstanceIdentifier))}
		}
		for _, g := range d.DBParameterGroups {
			if parameters != "" && aws.ToString(g.DBParameterGroupName) == parameters {
				return []strict.Fault{strict.Faultf("InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group %s, so the group cannot be deleted", parameters)}
			}
		}
	}
	return nil
}

// majorUpgrade: from one major version to the next only when it is said, with a parameter
// group of the new one's family, and never back, to an older patch neither. moto takes any
// version.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html (EngineVersion, AllowMajorVersionUpgrade)
func (a *AWS) majorUpgrade(call strict.Call) []strict.Fault {
	name, version := call.Text("DBInstanceIdentifier"), call.Text("EngineVersion")
	ctx, config := a.lookup(call)
	client := rds.NewFromConfig(config)
	found, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name})
	if version == "" || err != nil || len(found.DBInstances) != 1 {
		return nil
	}
	d := found.DBInstances[0]
	engine, from, to := aws.ToString(d.Engine), majorVersion(aws.ToString(d.EngineVersion)), majorVersion(version)
	older := patch(version) >= 0 && patch(version) < patch(aws.ToString(d.EngineVersion))
	if engine != "mysql" || from == to && !older {
		return nil
	}
	if from == to || !slices.Contains(mysqlUpgrades[from], to) {
		return []strict.Fault{strict.Faultf("InvalidParameterCombination", "Cannot upgrade mysql from %s to %s", aws.ToString(d.EngineVersion), version)}
	}
	if call.Input["AllowMajorVersionUpgrade"] != true {
		return []strict.Fault{strict.Faultf("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")}
	}
	group := call.Text("DBParameterGroupName")
	if group == "" && len(d.DBParameterGroups) > 0 {
		group = aws.ToString(d.DBParameterGroups[0].DBParameterGroupName)
	}
	groups, err := client.DescribeDBParameterGroups(ctx, &rds.DescribeDBParameterGroupsInput{DBParameterGroupName: &group})
	if err == nil && len(groups.DBParameterGroups) == 1 && aws.ToString(groups.DBParameterGroups[0].DBParameterGroupFamily) != "mysql"+to {
		return []strict.Fault{strict.Faultf("InvalidParameterCombination", "The Parameter Group %s with DBParameterGroupFamily %s cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily mysql%s",
			group, aws.ToString(groups.DBParameterGroups[0].DBParameterGroupFamily), to)}
	}
	return nil
}

// mysqlUpgrades are the upgrades in place.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.MySQL.Major.html
var mysqlUpgrades = map[string][]string{"5.7": {"8.0"}, "8.0": {"8.4"}, "8.4": {"9.7"}}

func majorVersion(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// patch is the third number of a version, -1 where it has none.
func patch(version string) int {
	parts := strings.Split(version, ".")
	if len(parts) < 3 {
		return -1
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil {
		return -1
	}
	return n
}

// pointInTime: one time, and backups to get there.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
func (a *AWS) pointInTime(call strict.Call) []strict.Fault {
	latest := call.Input["UseLatestRestorableTime"] == true
	if latest == call.Has("RestoreTime") {
		return []strict.Fault{strict.Faultf("InvalidParameterCombination", "Specify either RestoreTime or UseLatestRestorableTime, and not both.")}
	}
	ctx, config := a.lookup(call)
	name := call.Text("SourceDBInstanceIdentifier")
	found, err := rds.NewFromConfig(config).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name})
	if name != "" && err == nil && len(found.DBInstances) == 1 && aws.ToInt32(found.DBInstances[0].BackupRetentionPeriod) == 0 {
		return []strict.Fault{strict.Faultf("PointInTimeRestoreNotEnabled", "Point In Time Restore is not enabled for this instance")}
	}
	return nil
}
