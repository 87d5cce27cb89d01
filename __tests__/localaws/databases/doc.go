// Package databases runs a server behind each DB instance of RDS for MySQL in the
// local AWS. The server is an Engine's, such as mysql.Start; this package knows
// AWS's side:
//
//   - It follows the DB instances: a new one gets a server on a loopback port, a
//     deleted one loses it, and its data. Endpoints and OnChange tell which there
//     are; Dial connects to one by its endpoint.
//   - The server's certificate is for the endpoint's name and signed by a CA of
//     this process (Databases.CA), which clients trust in place of RDS's bundle.
//   - The master user's password is the one in the secret that RDS manages, or that
//     was given. It is read at each login: a rotation takes effect at once, and
//     open connections go on.
//   - require_secure_transport is what the DB instance's parameter group says. It
//     takes effect at once or at the next restart, as its apply method says; those
//     of another group at the next restart.
//   - Tokens of IAM database authentication are verified as AWS does: endpoint,
//     user, time, signature; Config.Allow judges rds-db:connect.
//   - A reboot, a failover, another class or version of the engine, automated backups
//     switched on or off close the connections and have new ones refused for a while of
//     AWS's time. The DB instance is described as rebooting, modifying or upgrading
//     meanwhile. What was committed stays, also under another name. Which changes wait
//     for the maintenance window is not decided here: a change comes when it is
//     described.
//   - A snapshot holds the data of its moment, and so does what is restored from it.
//     A restore to a point in time is one to the latest restorable time, which is
//     now: of earlier moments no data is kept, and a restore to one is refused.
//
// Of other engines than MySQL, and of clusters, it knows nothing.
package databases
