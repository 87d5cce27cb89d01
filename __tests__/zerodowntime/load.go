package zerodowntime

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// slowPath answers after slowTime of AWS time: well below the load balancer's
// idle time-out and the deregistration delay, as a request has to be.
const (
	slowPath = "/slow"
	slowTime = 10 * time.Second
)

// stream is one kind of users.
type stream struct {
	name      string
	path      string
	rate      int // requests per second
	keepAlive bool
}

// streams are all users: those whose browser keeps its connection, those who
// come anew, and those whose answer takes long, which are the ones that a server
// that goes away too early cuts off.
var streams = []stream{
	{"kept connection", "/", 150, true},
	{"new connection", "/", 40, false},
	{"slow request", slowPath, 10, true},
}

const (
	// loadLimit bounds a load that nobody stops.
	loadLimit = 30 * time.Minute
	// loadWorkers bounds the requests of a stream that wait for an answer.
	loadWorkers = 400
	// loadPatience is what a user waits for an answer.
	loadPatience = 30 * time.Second
)

// Second is what users asked for in one second.
type Second struct {
	Start        time.Time
	Sent, Failed int // of the requests sent in it
}

// Failure is a request that did not get the page.
type Failure struct {
	Sent, Failed time.Time
	Stream       string
	Reason       string
}

func (f Failure) String() string {
	return fmt.Sprintf("%s: %s after %v: %s", f.Sent.Format("15:04:05.000"), f.Stream, f.Failed.Sub(f.Sent).Round(time.Millisecond), f.Reason)
}

// load is requests that are sent until stop.
type load struct {
	attackers []*vegeta.Attacker
	done      sync.WaitGroup

	mu       sync.Mutex
	seconds  map[int64]*Second
	failures []Failure
}

// startLoad sends requests to url. An answer that does not hold page counts as a
// failure. Addresses of names that nothing resolves are those in hosts.
func startLoad(url, page string, streams []stream, hosts map[string][]string) *load {
	l := &load{seconds: map[int64]*Second{}}
	for _, s := range streams {
		attacker := vegeta.NewAttacker(vegeta.KeepAlive(s.keepAlive), vegeta.MaxWorkers(loadWorkers), vegeta.Timeout(loadPatience),
			vegeta.TLSConfig(&tls.Config{InsecureSkipVerify: true, VerifyConnection: fits}), vegeta.ConnectTo(hosts))
		targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: url + s.path})
		results := attacker.Attack(targeter, vegeta.ConstantPacer{Freq: s.rate, Per: time.Second}, loadLimit, s.name)
		l.attackers = append(l.attackers, attacker)
		l.done.Go(func() {
			for result := range results {
				l.note(result, page)
			}
		})
	}
	return l
}

// fits demands a certificate for the name that was called. Who has signed it nobody asks:
// what AWS's certificates are signed with, the local AWS does not have.
func fits(c tls.ConnectionState) error {
	return c.PeerCertificates[0].VerifyHostname(c.ServerName) // "" for an address: no certificate of ACM is for one
}

func (l *load) note(r *vegeta.Result, page string) {
	reason := r.Error
	if reason == "" && !bytes.Contains(r.Body, []byte(page)) {
		reason = fmt.Sprintf("the answer is not the page: %.80q", r.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := r.Timestamp.Unix()
	second := l.seconds[key]
	if second == nil {
		second = &Second{Start: time.Unix(key, 0)}
		l.seconds[key] = second
	}
	second.Sent++
	if reason != "" {
		second.Failed++
		l.failures = append(l.failures, Failure{Sent: r.Timestamp, Failed: r.End(), Stream: r.Attack, Reason: reason})
	}
}

// stop returns when the last request has been answered.
func (l *load) stop() {
	for _, a := range l.attackers {
		a.Stop()
	}
	l.done.Wait()
}

// results returns all seconds and failures in order of time.
func (l *load) results() ([]Second, []Failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var seconds []Second
	for _, s := range l.seconds {
		seconds = append(seconds, *s)
	}
	slices.SortFunc(seconds, func(a, b Second) int { return a.Start.Compare(b.Start) })
	failures := slices.SortedFunc(slices.Values(l.failures), func(a, b Failure) int {
		return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.Stream, b.Stream))
	})
	return seconds, failures
}
