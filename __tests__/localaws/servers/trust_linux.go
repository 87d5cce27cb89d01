package servers

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// trustFiles are where systems keep the certificates that they trust, as Go and OpenSSL
// look for them.
// https://go.dev/src/crypto/x509/root_linux.go
var trustFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
}

// trust adds certificates to those that the machine trusts, as update-ca-trust does; a
// system without any gets its first file.
func trust(certificates string) error {
	path := trustFiles[0]
	var before []byte
	for _, file := range trustFiles {
		content, err := os.ReadFile(file)
		if err == nil {
			path, before = file, content
			break
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// A new file: an old one may not be ours to change.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, slices.Concat(before, []byte("\n"), []byte(certificates)), 0o644)
}
