// Package rdsca has the certificates of Amazon RDS's certificate authorities, of all
// regions: by them a client knows a DB instance.
package rdsca

import _ "embed"

// Bundle is AWS's bundle of certificates, in PEM's form. The first of them
// expires in 2061; a new region has new ones.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html#UsingWithRDS.SSL.CertificatesAllRegions
//
//go:embed rds-global-bundle.pem
var Bundle []byte
