//go:build !linux

package servers

import (
	"errors"
	"os"
)

func startNamespaces(bootOrder, *os.File) (machine, error) {
	return nil, errors.New("this system has none")
}
