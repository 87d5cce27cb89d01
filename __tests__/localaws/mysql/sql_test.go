package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// book is a guest book's table.
const book = `CREATE TABLE entries (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	token CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	name VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
	text VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
	written TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
	UNIQUE KEY token (token)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

func TestGuestBook(t *testing.T) {
	c := start(t, nil).client(t, nil)
	exec(t, c, book)
	before := time.Now().Add(-time.Second)
	for i := range 3 {
		result, err := c.ExecContext(t.Context(), "INSERT INTO entries (token, name, text) VALUES (?, ?, ?)", fmt.Sprint("t", i), "Zoë 🐬", "Grüße")
		if err != nil {
			t.Fatal(err)
		}
		if id, _ := result.LastInsertId(); id != int64(i+1) {
			t.Errorf("id: got %d, want %d", id, i+1)
		}
	}
	_, err := c.ExecContext(t.Context(), "INSERT INTO entries (token, name, text) VALUES ('t1', 'again', '')")
	wantError(t, err, 1062, "23000")
	for query, affected := range map[string]int64{
		"INSERT IGNORE INTO entries (token, name, text) VALUES ('t1', 'again', '')":                                           0,
		"INSERT INTO entries (token, name, text) VALUES ('t2', 'again', '') ON DUPLICATE KEY UPDATE text = CONCAT(text, '!')": 2,
	} {
		result, err := c.ExecContext(t.Context(), query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if n, _ := result.RowsAffected(); n != affected {
			t.Errorf("%s: %d rows affected, want %d", query, n, affected)
		}
	}
	rows, err := c.QueryContext(t.Context(), "SELECT id, name, text, written FROM entries ORDER BY id DESC LIMIT ?", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []int64
	var texts []string
	for rows.Next() {
		var id int64
		var name, text string
		var written time.Time
		if err := rows.Scan(&id, &name, &text, &written); err != nil {
			t.Fatal(err)
		}
		ids, texts = append(ids, id), append(texts, text)
		if name != "Zoë 🐬" {
			t.Errorf("name: got %q", name)
		}
		if written.Before(before) || written.After(time.Now()) || written.Nanosecond() == 0 {
			t.Errorf("written: got %v, want now, to the microsecond, in UTC", written)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids, []int64{3, 2}) || !slices.Equal(texts, []string{"Grüße!", "Grüße"}) {
		t.Errorf("got %v %q", ids, texts)
	}
}

// TestSchemaChange is what two versions of an application do while they roll.
func TestSchemaChange(t *testing.T) {
	c := start(t, nil).client(t, nil)
	exec(t, c,
		"CREATE TABLE IF NOT EXISTS entries (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL)",
		"INSERT INTO entries (name) VALUES ('old')",
		"ALTER TABLE entries ADD COLUMN mood VARCHAR(20) NOT NULL DEFAULT 'fine', ADD INDEX by_mood (mood)",
		"INSERT INTO entries (name) VALUES ('old version')",
		"INSERT INTO entries (name, mood) VALUES ('new version', 'good')",
	)
	if got := one[string](t, c, "SELECT GROUP_CONCAT(mood ORDER BY id) FROM entries"); got != "fine,fine,good" {
		t.Errorf("moods: got %q", got)
	}
	if got := one[int](t, c, "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'entries' AND column_name = 'mood'"); got != 1 {
		t.Errorf("columns: got %d", got)
	}
	if got := one[int](t, c, "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = 'book' AND index_name = 'by_mood'"); got != 1 {
		t.Errorf("indexes: got %d", got)
	}
	exec(t, c, "INSERT INTO entries (name, mood) VALUES ('Zoë', 'Bad')")
	if got := one[int](t, c, "SELECT COUNT(*) FROM entries WHERE name = 'zoe' AND mood = 'BAD'"); got != 1 {
		t.Errorf("MySQL's default collation finds %d", got)
	}
	if got := one[string](t, c, "SELECT VERSION()"); got != "8.4.6" {
		t.Errorf("VERSION(): got %q", got)
	}
}

func TestTransactions(t *testing.T) {
	c := start(t, nil).client(t, nil)
	exec(t, c, "CREATE TABLE n (id INT PRIMARY KEY, v INT)", "INSERT INTO n VALUES (1, 0)")
	tx, err := c.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := one[int](t, tx, "SELECT v FROM n WHERE id = ?", 1); got != 0 {
		t.Errorf("got %d", got)
	}
	exec(t, tx, "UPDATE n SET v = 1", "INSERT INTO n VALUES (2, 2)")
	if got := one[int](t, tx, "SELECT SUM(v) FROM n"); got != 3 {
		t.Errorf("inside the transaction: got %d", got)
	}
	if got := one[int](t, c, "SELECT SUM(v) FROM n"); got != 0 {
		t.Errorf("outside, before its end: got %d", got)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := one[int](t, c, "SELECT SUM(v) FROM n"); got != 0 {
		t.Errorf("after a rollback: got %d", got)
	}

	// A connection that goes takes its transaction along.
	conn, err := c.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "START TRANSACTION", "UPDATE n SET v = 7")
	conn.Raw(func(any) error { return context.Canceled }) // makes database/sql keep it
	go func() {
		time.Sleep(100 * time.Millisecond)
		conn.Raw(func(c any) error { c.(interface{ Close() error }).Close(); return nil })
	}()
	exec(t, c, "UPDATE n SET v = v + 1") // waits for it
	if got := one[int](t, c, "SELECT v FROM n"); got != 1 {
		t.Errorf("after the connection's end: got %d", got)
	}
}

// TestConcurrentWriters: nothing is lost and nothing is there twice.
func TestConcurrentWriters(t *testing.T) {
	d := start(t, nil)
	c := d.client(t, nil)
	exec(t, c, book, "CREATE TABLE total (id INT PRIMARY KEY, n INT NOT NULL)", "INSERT INTO total VALUES (1, 0)")
	const writers, each = 50, 20
	began := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		pool := c
		wg.Go(func() {
			for i := range each {
				if err := write(t.Context(), pool, fmt.Sprintf("%d-%d", w, i), i%2 == 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for last := 0; ; {
			select {
			case <-stop:
				return
			default:
			}
			var n int
			if err := c.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM entries").Scan(&n); err != nil {
				t.Error(err)
				return
			}
			if n < last {
				t.Errorf("a reader saw %d entries, then %d", last, n)
			}
			last = n
		}
	})
	wg.Wait()
	close(stop)
	readers.Wait()
	t.Logf("%.0f entries a second", writers*each/time.Since(began).Seconds())
	if got := one[int](t, c, "SELECT COUNT(DISTINCT token) FROM entries"); got != writers*each {
		t.Errorf("tokens: got %d, want %d", got, writers*each)
	}
	if got := one[int](t, c, "SELECT COUNT(DISTINCT id) FROM entries"); got != writers*each {
		t.Errorf("ids: got %d, want %d", got, writers*each)
	}
	if got := one[int](t, c, "SELECT n FROM total"); got != writers*each/2 {
		t.Errorf("counted in transactions: got %d, want %d", got, writers*each/2)
	}
}

// write writes an entry, in a transaction that counts it or alone.
func write(ctx context.Context, c *sql.DB, token string, counted bool) error {
	const insert = "INSERT INTO entries (token, name, text) VALUES (?, 'w', '')"
	if !counted {
		_, err := c.ExecContext(ctx, insert, token)
		return err
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT n FROM total WHERE id = 1 FOR UPDATE").Scan(&n); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, insert, token); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE total SET n = ? WHERE id = 1", n+1); err != nil {
		return err
	}
	return tx.Commit()
}

// TestFailedStatement: what a failed statement has read is not what the next one
// of its connection works on.
func TestFailedStatement(t *testing.T) {
	c := start(t, nil).client(t, nil)
	exec(t, c, "CREATE TABLE n (id INT PRIMARY KEY)", "INSERT INTO n VALUES (1), (2)")
	conn, err := c.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, failing := range []string{
		"INSERT INTO n VALUES (1)",
		"INSERT INTO n SELECT id FROM n",
		"SELECT nothing FROM n",
		"UPDATE n SET id = 1",
	} {
		if rows, err := conn.QueryContext(t.Context(), failing); err == nil {
			for rows.Next() {
			}
			if rows.Err() == nil {
				t.Errorf("%s did not fail", failing)
			}
		}
		exec(t, c, fmt.Sprintf("INSERT INTO n VALUES (%d)", 10+i))
		exec(t, conn, fmt.Sprintf("INSERT INTO n VALUES (%d)", 100+i))
		if got, want := one[int](t, c, "SELECT COUNT(*) FROM n"), 2*i+4; got != want {
			t.Fatalf("after %s: %d rows, want %d", failing, got, want)
		}
	}
}

// TestNamedLock: who waits for a lock keeps nobody from letting it go, after
// changing the schema under it.
func TestNamedLock(t *testing.T) {
	c := start(t, nil).client(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			conn, err := c.Conn(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if got := one[int](t, conn, "SELECT GET_LOCK('schema', 20)"); got != 1 {
				t.Errorf("the lock: got %d", got)
			}
			exec(t, conn, "CREATE TABLE IF NOT EXISTS steps (id INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO steps () VALUES ()")
			if got := one[int](t, conn, "SELECT RELEASE_LOCK('schema')"); got != 1 {
				t.Errorf("letting it go: got %d", got)
			}
		})
	}
	wg.Wait()
	if got := one[int](t, c, "SELECT COUNT(*) FROM steps"); got != 8 {
		t.Errorf("steps: got %d, want 8", got)
	}
}
