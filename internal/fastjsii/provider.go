package fastjsii

import (
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"strings"

	constructs "github.com/aws/constructs-go/constructs/v10/jsii"
	jsiiruntime "github.com/aws/jsii-runtime-go/runtime"
	cdktf "github.com/hashicorp/terraform-cdk-go/cdktf/jsii"
)

// Load loads the AWS provider into the kernel, which starts the kernel if need
// be. The first construct of the provider would do that otherwise: for the
// provider's 34 MB package to be found in the package cache, it would be
// written to a temporary file, read and hashed, every time. Load gives the
// kernel a stub instead, which the kernel knows from the second time on:
// kernel.js gave the package another name in the cache the first time.
//
// Nothing depends on Load. If the kernel does not know the stub, the first
// construct loads the package itself.
func Load() {
	if status != nil || provider.stub == nil {
		return
	}
	constructs.Initialize()
	cdktf.Initialize()
	defer func() { _ = recover() }() // that is how a failure to load is reported
	jsiiruntime.Load(provider.name, provider.version, provider.stub)
}

// provider is the AWS provider's package, and its stub. It is empty where the
// program does not know which version it was built with, as in tests.
var provider = awsProvider()

type bindings struct {
	name, version string
	stub          []byte
}

func awsProvider() bindings {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return bindings{}
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/cdktf/cdktf-provider-aws-go/aws/v19" && module.Replace == nil && module.Sum != "" {
			return bindings{
				name:    "@cdktf/provider-aws",
				version: strings.TrimPrefix(module.Version, "v"),
				// The sum is over the module's files, the package among them.
				stub: []byte(module.Path + " " + module.Version + " " + module.Sum),
			}
		}
	}
	return bindings{}
}

// digest is the stub's name in the package cache (digestFile in jsii's
// disk-cache), or "" if there is no stub.
func (b bindings) digest() string {
	if b.stub == nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(string(b.stub)+"\x00"+b.name+"\x00"+b.version)))
}
