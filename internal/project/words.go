package project

import "strings"

// Words that the app, the commands beside it and Terraform have to agree on.
const (
	// StateStack is the id of the stack of the state store.
	StateStack = "state"

	// LockKey is the partition key of the lock table, a string: what Terraform's
	// S3 backend looks for.
	// https://developer.hashicorp.com/terraform/language/backend/s3#dynamodb-state-locking
	LockKey = "LockID"

	// Tags of everything that the project makes: whose it is, which stack's, and
	// by what it is managed.
	ProjectTag, EnvironmentTag, ManagedByTag = "Project", "Environment", "ManagedBy"
	// TerraformNameTag is a resource's Terraform name, on the resource. A deploy
	// that is killed may have made something and not lived to write it into the
	// state; by this tag "state adopt" finds which block it belongs to.
	TerraformNameTag = "TerraformName"

	// ApplicationTag is the SHA-256 digest of the application, on an instance that runs
	// one.
	ApplicationTag = "ApplicationDigest"

	// BinaryVariable is how cdktf is told of another Terraform than the one called
	// terraform, such as OpenTofu.
	BinaryVariable = "TERRAFORM_BINARY_NAME"
	// RealBinaryVariable is Terraform itself, where cdktf is told of what stands in for it.
	RealBinaryVariable = "STATE_DEPLOY_TERRAFORM"

	// ClusterID is the id of an environment's cluster, and GroupName the Terraform name
	// of its Auto Scaling group.
	ClusterID = "web"
	GroupName = ClusterID + "_group"

	// ProbeKey is a key in the state bucket, and an item in the lock table, that nothing has:
	// "state check" finds by it whether it may write.
	ProbeKey = "permission-check"

	// LockSuffix is what Terraform puts behind the key of a state to make that of its lock in
	// the bucket.
	// https://developer.hashicorp.com/terraform/language/backend/s3#s3-state-locking
	LockSuffix = ".tflock"

	stateKeySuffix = "/terraform.tfstate"
)

// LockID is the key of a state's lock in the lock table, and DigestID that of its digest.
// https://github.com/hashicorp/terraform/blob/v1.11.4/internal/backend/remote-state/s3/client.go (lockPath, stateIDSuffix)
func LockID(bucket, stateKey string) string   { return bucket + "/" + stateKey }
func DigestID(bucket, stateKey string) string { return LockID(bucket, stateKey) + "-md5" }

// The SSM parameters of a cluster, by its name: the id of its image for instances of an
// architecture (as names of images have it), the application that was deployed last, and
// the one that is pinned.
func ImageParameter(cluster, architecture string) string {
	return imageParameters(cluster) + architecture
}
func DeployedApplication(cluster string) string { return "/" + cluster + "/application/deployed" }
func PinnedApplication(cluster string) string   { return "/" + cluster + "/application/pinned" }

// ImageArchitecture is the architecture that a parameter of a cluster's has the image for.
func ImageArchitecture(cluster, parameter string) (architecture string, ok bool) {
	return strings.CutPrefix(parameter, imageParameters(cluster))
}

func imageParameters(cluster string) string { return "/" + cluster + "/image/" }

// Application is where an application is, as such a parameter says it in JSON.
type Application struct {
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	Version string `json:"version"` // of the object
	Digest  string `json:"digest"`  // SHA-256, in hexadecimal digits
}

// StateKey is the key of a stack's state in the state bucket.
func StateKey(stack string) string { return stack + stateKeySuffix }

// StateKeyStack is the stack whose state has the key; false for any other object.
func StateKeyStack(key string) (stack string, ok bool) {
	return strings.CutSuffix(key, stateKeySuffix)
}
