package localaws_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/webserver-cluster/tests/localaws"
)

// TestDoor: a door leads to the server until Stop.
func TestDoor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "the page "+r.URL.Path) }))
	defer server.Close()
	var cloud localaws.AWS
	door, err := cloud.Door(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(door, "http://127.0.0.1:") || door == server.URL {
		t.Errorf("the door is at %s", door)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(door + "/a")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(body) != "the page /a" {
		t.Errorf("behind the door is %q", body)
	}
	cloud.Stop()
	if resp, err := client.Get(door); err == nil {
		resp.Body.Close()
		t.Error("the door is open after Stop")
	}
}
