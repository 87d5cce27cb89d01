// Package state looks after the Terraform states in the state bucket,
// next to Terraform's own S3 backend and by its rules
// (https://developer.hashicorp.com/terraform/language/backend/s3).
//
// What the backend keeps for a stack:
//
//	S3        <stack>/terraform.tfstate           the state, every version of it
//	S3        <stack>/terraform.tfstate.tflock    the lock, while one is held
//	DynamoDB  <bucket>/<stack>/terraform.tfstate  the lock again
//	DynamoDB  …-md5                               the digest of the newest state
//
// A Store is the bucket and the table; a Stack is what they hold for one
// stack. Whatever writes here holds the lock as Terraform would.
package state
