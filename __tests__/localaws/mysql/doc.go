// Package mysql is a MySQL server in this process: what answers behind a DB
// instance of the local AWS. It is [go-mysql-server] with its tables in memory,
// and before it what makes it MySQL on RDS as far as clients can tell.
//
// Programs that use it become some 50 MB larger, and take a minute longer to
// build the first time; so package localaws does not import it. Who wants
// databases names it:
//
//	cloud, err := localaws.Start(ctx, localaws.Options{Databases: mysql.Start})
//
// # As on RDS
//
//   - The protocol with TLS 1.2 and above. With require_secure_transport, error
//     3159 to those without.
//   - The master user logs in by caching_sha2_password, MySQL 8.4's default. Its
//     password is asked of the options at each login. A refused login, of whomever,
//     is error 1045. Users that it makes may have mysql_native_password, too.
//   - Users made with IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' log in by
//     mysql_clear_password, over TLS only, if the DB instance has IAM
//     authentication; without it, making one is error 1524.
//   - The time zone is UTC, the character set utf8mb4, the collation
//     utf8mb4_0900_ai_ci.
//   - SET GLOBAL, and files of the server's, are nobody's: error 1227.
//   - Errors have MySQL's numbers and states, as far as programs act on them. Their
//     words are the engine's.
//
// # Otherwise than MySQL 8.4
//
// Stricter, so that what works here works there, or says that it does not:
//
//   - A transaction has the whole server to itself from its first statement on a
//     table to its end. Other transactions, and statements that write, wait for it,
//     up to 50 s, then error 1205. MySQL locks rows. Statements that only read,
//     outside a transaction, do not wait; they see what is committed.
//   - No savepoints, no FOR SHARE, NOWAIT, XA, OPTIMIZE, EXPLAIN, and no
//     procedures of RDS's: an error each.
//   - Rows of one statement whose composite keys read the same without a space
//     between, (1, 23) and (12, 3), are duplicates: error 1062.
//
// Kinder, so that a program tested here alone could fail there:
//
//   - A unique key tells apart what the collation does not: 'Zoe' and 'ZOE' are
//     duplicates in MySQL. Give such columns a binary collation. Comparisons and
//     ORDER BY obey the collation.
//   - The master user has all privileges but those above; RDS withholds SUPER and
//     others.
//   - sql_mode lacks NO_ZERO_DATE, NO_ZERO_IN_DATE and ERROR_FOR_DIVISION_BY_ZERO,
//     and ONLY_FULL_GROUP_BY lets an aggregate without GROUP BY pass.
//   - There are no deadlocks (error 1213), and no SERIALIZABLE or weaker isolation:
//     all transactions run one after the other.
//   - A first login without TLS needs no key of the server's.
//   - A user made without a plugin gets mysql_native_password, which MySQL 8.4 has
//     switched off: name caching_sha2_password.
//   - max_connections, wait_timeout and their like are shown, not obeyed.
//   - An INSERT takes time in proportion to its table: thousands of rows are fine,
//     millions are not.
//
// [go-mysql-server]: https://github.com/dolthub/go-mysql-server
package mysql
