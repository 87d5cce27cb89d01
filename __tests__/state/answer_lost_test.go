package state_test

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// The network loses AWS's answer to a write of the command, which then tries again
// and finds the write done: by itself.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(call) bool{
		"state": isPut("/terraform.tfstate"), "lock in the bucket": isPut(".tflock"), "lock in the table": isItem("PutItem", "/terraform.tfstate"),
		"release in the bucket": func(c call) bool { return c.Service == "s3" && c.Action == http.MethodDelete },
		"release in the table":  isItem("DeleteItem", "/terraform.tfstate"),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(1)})
			p.init("stage")
			p.want(0)(p.apply("stage").result())
			p.stack("stage", "both", data(2))
			p.want(0)(p.apply("stage").result())
			var lost atomic.Bool
			p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
				pass()
				if at(c) && lost.CompareAndSwap(false, true) {
					panic(http.ErrAbortHandler)
				}
			})
			p.want(0, "stage is back at serial 1, as serial 3")(p.state("rollback", "stage", "1", "--yes"))
			p.wire.watch(nil)
			if !lost.Load() {
				t.Error("no answer was lost")
			}
			if n := p.locks("stage"); n != 0 {
				t.Errorf("there are %d locks", n)
			}
			p.want(0, "1 to add")(p.terraform("stage", "plan"))
		})
	}
}
