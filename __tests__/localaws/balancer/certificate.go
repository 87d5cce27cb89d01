package balancer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// show has new connections get another certificate; those that are there go on.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-update-certificates.html
func (l *listener) show(arn string) {
	if l.shown == arn || l.lb.all.config.Names == nil {
		return
	}
	names, err := l.lb.all.config.Names(l.lb.all.ctx, arn)
	if err != nil {
		l.lb.all.config.Log("load balancer %s: %v", l.lb.name, err)
		return
	}
	certificate, err := selfSigned(names, l.lb.ip)
	if err != nil {
		l.lb.all.config.Log("load balancer %s: %v", l.lb.name, err)
		return
	}
	l.shown = arn
	l.certificate.Store(&certificate)
}

// selfSigned makes a certificate for names, or for an address if there are none: the real
// one and its key are AWS's secret.
func selfSigned(names []string, ip string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "local AWS"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(0, 1, 0),
		DNSNames:     names,
	}
	if len(names) == 0 {
		template.IPAddresses = []net.IP{net.ParseIP(ip)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
