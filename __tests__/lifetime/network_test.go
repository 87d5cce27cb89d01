package lifetime_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/beevik/etree"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/tests/localaws/front"
)

// zones makes the region's list of zones one that a test chooses, for all tests: no
// other may rely on the list.
type zones struct{ gone atomic.Value }

func newZones() *zones {
	z := &zones{}
	cloud.Front.Handle("ec2", "DescribeAvailabilityZones", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, zone := range root.FindElements("./availabilityZoneInfo/item") {
				if zone.SelectElement("zoneName").Text() == z.gone.Load() {
					zone.Parent().RemoveChild(zone)
				}
			}
		})
	})
	return z
}

func network(t *testing.T, props constructs.NetworkProps) []byte {
	t.Helper()
	return synthesize(t, func(stack cdktf.TerraformStack) { constructs.NewNetwork(stack, "network", props) })
}

func TestAZoneLeavesTheRegionsList(t *testing.T) {
	d, z := newDeployment(t), newZones()
	props := constructs.NetworkProps{Name: "zones", CIDR: "10.1.0.0/16", NAT: constructs.NATNone}
	two := network(t, props)
	props.ZoneCount = 3
	three := network(t, props)
	t.Parallel()

	d.use(two)
	d.apply()
	z.gone.Store(region + "a")
	d.unchanged()

	t.Run("a further zone is one that has no subnets yet", func(t *testing.T) {
		d.use(three)
		d.terraform("plan", "-out", "plan")
		var plan struct {
			ResourceChanges []struct {
				Address string
				Change  struct {
					Actions []string
					After   map[string]any
				}
			} `json:"resource_changes"`
		}
		if err := json.Unmarshal([]byte(d.terraform("show", "-json", "plan")), &plan); err != nil {
			t.Fatal(err)
		}
		made := 0
		for _, change := range plan.ResourceChanges {
			switch {
			case slices.Equal(change.Change.Actions, []string{"create"}):
				if strings.HasPrefix(change.Address, "aws_subnet.") {
					made++
					if zone := change.Change.After["availability_zone"]; zone != region+"c" {
						t.Errorf("%s goes to %v, want %sc", change.Address, zone, region)
					}
				}
			case !slices.Equal(change.Change.Actions, []string{"no-op"}):
				t.Errorf("%s: %v", change.Address, change.Change.Actions)
			}
		}
		if made != 3 {
			t.Errorf("%d subnets are made, want 3", made)
		}
	})
	t.Run("a state that does not know the list yet", func(t *testing.T) {
		d.use(two)
		d.terraform("state", "rm", "terraform_data.network_zones")
		if output := d.terraform("plan"); !strings.Contains(output, "Plan: 1 to add, 0 to change, 0 to destroy.") {
			t.Errorf("the plan is\n%s", output)
		}
	})
}

func TestWhatANetworkWasMadeWithCannotChange(t *testing.T) {
	d := newDeployment(t)
	props := constructs.NetworkProps{Name: "fixed", CIDR: "10.2.0.0/16", NAT: constructs.NATNone, Zones: []string{region + "a", region + "b"}}
	made := network(t, props)
	other := props
	other.CIDR = "10.3.0.0/16"
	otherCIDR := network(t, other)
	other = props
	other.Zones = []string{region + "b", region + "a"}
	otherZones := network(t, other)
	t.Parallel()

	d.use(made)
	d.apply()
	d.unchanged()
	d.use(otherCIDR)
	d.refused([]string{"apply", "-auto-approve"}, "The CIDR of a VPC cannot change: this one was made with 10.2.0.0/16, and the code says 10.3.0.0/16.")
	d.use(otherZones)
	d.refused([]string{"apply", "-auto-approve"}, "The Availability Zone of a subnet cannot change: this one was made with eu-central-1a, and the code says eu-central-1b.")

	// It can go all the same.
	d.terraform("destroy", "-auto-approve")
}
