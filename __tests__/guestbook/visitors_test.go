package guestbook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/go-sql-driver/mysql"
)

// visitors write entries until they are stopped, each with a token of its own.
type visitors struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	sent     []string // tokens of the entries that were answered with thanks
	failures []error
}

// write has five visitors write twice a second each.
func write(at, run string) *visitors {
	ctx, cancel := context.WithCancel(context.Background())
	v := &visitors{cancel: cancel}
	for visitor := range 5 {
		v.done.Go(func() {
			client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			for i := 0; ctx.Err() == nil; i++ {
				token := fmt.Sprintf("%s%d-%d", prefix(run), visitor, i)
				err := post(client, at, token)
				v.mu.Lock()
				if err != nil {
					v.failures = append(v.failures, fmt.Errorf("%s at %s: %w", token, time.Now().Format("15:04:05.000"), err))
				} else {
					v.sent = append(v.sent, token)
				}
				v.mu.Unlock()
				time.Sleep(500 * time.Millisecond)
			}
		})
	}
	return v
}

// prefix begins the tokens of a run.
func prefix(run string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, run) + "-"
}

func post(client *http.Client, at, token string) error {
	response, err := client.PostForm(at, url.Values{"name": {"A visitor"}, "text": {"I was here: " + token}, "token": {token}})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("%s: %.200s", response.Status, body)
	}
	return err
}

// stop returns when the last entry has been answered.
func (v *visitors) stop() (sent []string, failures []error) {
	v.cancel()
	v.done.Wait()
	return v.sent, v.failures
}

func get(at string) (string, error) {
	response, err := http.Get(at)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", response.Status)
	}
	return string(body), err
}

// password is the master user's now.
func (s *stage) password(t *testing.T) string {
	t.Helper()
	out, err := secretsmanager.NewFromConfig(s.cloud.Config()).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &s.secret})
	if err != nil {
		t.Fatal(err)
	}
	var secret struct{ Password string }
	if err := json.Unmarshal([]byte(*out.SecretString), &secret); err != nil || secret.Password == "" {
		t.Fatalf("the secret has no password: %v", err)
	}
	return secret.Password
}

// entries are how often each entry of a run is in the database.
func (s *stage) entries(t *testing.T, run string) map[string]int {
	t.Helper()
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(s.cloud.Databases.CA())
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User, c.Passwd = "tcp", net.JoinHostPort(s.database, "3306"), "app", "admin", s.password(t)
	c.TLS = &tls.Config{RootCAs: trusted, ServerName: s.database}
	c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return s.cloud.Databases.Dial(ctx, net.JoinHostPort(s.database, "3306"))
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT token, COUNT(*) FROM entries GROUP BY token")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var token string
		var n int
		if err := rows.Scan(&token, &n); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(token, prefix(run)) {
			found[token] = n
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
