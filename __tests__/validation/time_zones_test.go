package validation_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestTimeZoneList: Go knows every time zone that the constructs take. To renew the
// list: the names in $(go env GOROOT)/lib/time/zoneinfo.zip, sorted, without Factory.
func TestTimeZoneList(t *testing.T) {
	list, err := os.ReadFile("../../constructs/time_zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(list))
	if len(names) < 500 {
		t.Errorf("there are %d time zones", len(names))
	}
	for _, name := range names {
		if _, err := time.LoadLocation(name); err != nil {
			t.Error(err)
		}
	}
}
