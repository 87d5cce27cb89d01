// Package database looks after what is inside an environment's database: the user that
// its servers log in as. It knows no flags and prints nothing.
package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Target is an environment's database.
type Target struct {
	Host, Port string // the endpoint's, which its certificate names
	Name       string // of the database in it
	User       string // of the application
	SecretARN  string // with the master user's name and password
}

// Errors of NewTarget.
var (
	ErrNoDatabase = errors.New("has no database")
	ErrNoUser     = errors.New("has no user of the application's own: set ApplicationUser in its Database and deploy")
)

// NewTarget finds the database in the outputs of an environment's stack.
func NewTarget(output func(name string) string) (Target, error) {
	t := Target{
		Host: output("database_address"), Port: output("database_port"), Name: output("database_name"),
		User: output("database_user"), SecretARN: output("database_secret_arn"),
	}
	switch {
	case t.Host == "" || t.Port == "" || t.Name == "" || t.SecretARN == "":
		return Target{}, ErrNoDatabase
	case t.User == "":
		return Target{}, ErrNoUser
	}
	return t, nil
}

// Endpoint is the database's endpoint, HOST:PORT.
func (t Target) Endpoint() string { return net.JoinHostPort(t.Host, t.Port) }

// Credentials are a user's name and password.
type Credentials struct{ Username, Password string }

// Master reads the master user's credentials. What it returns is never part of an error.
func (t Target) Master(ctx context.Context, cfg aws.Config) (Credentials, error) {
	secret, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &t.SecretARN})
	if err != nil {
		return Credentials{}, fmt.Errorf("reading the master user's secret: %w", err)
	}
	var c Credentials
	if json.Unmarshal([]byte(aws.ToString(secret.SecretString)), &c) != nil || c.Username == "" || c.Password == "" {
		return Credentials{}, fmt.Errorf("the secret %s is not RDS's: it has no username and password", t.SecretARN)
	}
	return c, nil
}
