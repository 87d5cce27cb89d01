package mysql_test

import "testing"

// TestErrors are those that a program may wait for.
func TestErrors(t *testing.T) {
	c := start(t, nil).client(t, nil)
	exec(t, c, "CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(5) NOT NULL, n TINYINT, m TINYINT, KEY k (n), CHECK (n < 9))", "CREATE USER u")
	for query, want := range map[string]struct {
		number uint16
		state  string
	}{
		"CREATE TABLE a (id INT)":                           {1050, "42S01"},
		"ALTER TABLE a ADD COLUMN n INT":                    {1060, "42S21"},
		"ALTER TABLE a ADD INDEX k (n)":                     {1061, "42000"},
		"ALTER TABLE a DROP COLUMN b":                       {1091, "42000"},
		"ALTER TABLE a DROP INDEX b":                        {1091, "42000"},
		"SELECT b FROM a":                                   {1054, "42S22"},
		"SELECT id FROM b":                                  {1146, "42S02"},
		"SELEC 1":                                           {1064, "42000"},
		"INSERT INTO a VALUES (1, NULL, 1, 1)":              {1048, "23000"},
		"INSERT INTO a (id) VALUES (1)":                     {1364, "HY000"},
		"INSERT INTO a (id, name) VALUES (1, 'a', 1)":       {1136, "21S01"},
		"INSERT INTO a (id, name) VALUES (1, 'abcdef')":     {1406, "22001"},
		"INSERT INTO a (id, name, m) VALUES (1, 'a', 1000)": {1264, "22003"},
		"INSERT INTO a (id, name, n) VALUES (1, 'a', 10)":   {3819, "HY000"},
		"CREATE USER u":                                     {1396, "HY000"},
		"DROP USER nobody":                                  {1396, "HY000"},
		"GRANT SELECT ON book.* TO nobody":                  {1410, "42000"},
		"USE nowhere":                                       {1049, "42000"},
	} {
		t.Run(query, func(t *testing.T) {
			_, err := c.ExecContext(t.Context(), query)
			wantError(t, err, want.number, want.state)
		})
	}
}
