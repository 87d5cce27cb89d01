package constructs

import (
	"fmt"
	"regexp"
	"slices"

	"example.com/webserver-cluster/internal/faults"
)

var (
	// An Availability Zone is its region and a letter; Local Zones have a place in
	// between. Wavelength Zones, of yet another form, have neither NAT gateways nor
	// databases.
	// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
	zoneRule = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)+-\d+)(?:-[a-z0-9-]+)?[a-z]$`)
	// A zone's id names the same place in every account: euc1-az2.
	zoneIDRule = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*-az\d+$`)
)

// ZoneRegion is the region that an Availability Zone is in by its name; "" for a
// reference, which says nothing, and for what is no zone's name.
func ZoneRegion(zone string) string {
	if found := zoneRule.FindStringSubmatch(zone); found != nil {
		return found[1]
	}
	return ""
}

// Validate returns every fault of the props, or nil.
func (p NetworkProps) Validate() error {
	p = p.withDefaults()
	var f faults.List
	checkName(&f, p.Name, maxOtherName, "a name tag")
	checkVPCBlock(&f, "CIDR", p.CIDR)
	p.checkZones(&f)
	if p.NAT != NATNone && p.NAT != NATSingle && p.NAT != NATPerZone {
		f.Add("NAT", string(p.NAT), "must be %q, %q or %q", NATNone, NATSingle, NATPerZone)
	}
	checkLogRetention(&f, "FlowLogRetentionDays", p.FlowLogRetentionDays)
	checkBoundary(&f, p.PermissionsBoundaryARN)
	checkTags(&f, "Tags", p.Tags)
	return f.Err()
}

func (p NetworkProps) checkZones(f *faults.List) {
	switch count := len(p.Zones); {
	case count > 0 && p.ZoneCount != 0 && p.ZoneCount != count:
		f.Add("ZoneCount", p.ZoneCount, "contradicts Zones, which names %d", count)
	case count > 0 && (count < minZones || count > maxZones):
		f.Add("Zones", p.Zones, "must name %d to %d zones", minZones, maxZones)
	case count == 0 && (p.ZoneCount < minZones || p.ZoneCount > maxZones):
		f.Add("ZoneCount", p.ZoneCount, "must be %d to %d", minZones, maxZones)
	}
	for i, zone := range p.Zones {
		field := fmt.Sprintf("Zones[%d]", i)
		switch {
		case isToken(zone):
		case zoneIDRule.MatchString(zone):
			f.Add(field, zone, "is a zone's id; must be its name, such as eu-central-1a")
		case ZoneRegion(zone) == "":
			f.Add(field, zone, "must be a zone's name, such as eu-central-1a")
		case slices.Contains(p.Zones[:i], zone):
			f.Add(field, zone, "is named twice")
		case ZoneRegion(p.Zones[0]) != "" && ZoneRegion(zone) != ZoneRegion(p.Zones[0]):
			f.Add(field, zone, "is in another region than Zones[0] (%s)", p.Zones[0])
		}
	}
}
