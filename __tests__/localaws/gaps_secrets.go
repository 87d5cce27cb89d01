package localaws

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// manageMasterPasswords: moto gives the secrets that RDS manages no tags, where RDS names the
// database: https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html.
// And in the secrets that RDS manages moto puts the same
// password always, for a user "admin" always, and a rotation leaves it. RDS
// makes a password for the master user and another one at each rotation,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html.
func (a *AWS) manageMasterPasswords() {
	for _, action := range []string{"CreateDBInstance", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime"} {
		a.Front.Handle("rds", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := next(r)
			if err != nil || !resp.OK() {
				return resp, err
			}
			return resp, a.renewMasterPassword(r, resp)
		})
	}
	a.Front.Handle("rds", "ModifyDBInstance", func(r *front.Request, next front.Next) (*front.Response, error) {
		rotate := r.Params.Get("RotateMasterUserPassword") == "true"
		if rotate && r.Params.Get("ApplyImmediately") != "true" {
			return nil, front.Errorf("InvalidParameterCombination", "You must specify apply immediately when rotating the master user password.")
		}
		r.Params.Del("RotateMasterUserPassword") // moto would leave a version without a value
		resp, err := next(r)
		if err != nil || !resp.OK() || !rotate && r.Params.Get("ManageMasterUserPassword") != "true" {
			return resp, err
		}
		return resp, a.renewMasterPassword(r, resp)
	})
	a.Front.Handle("secretsmanager", "RotateSecret", a.rotateManaged)
}

// renewMasterPassword gives the DB instance in an answer another password, if it
// has one that RDS manages.
func (a *AWS) renewMasterPassword(r *front.Request, resp *front.Response) error {
	var secret, user, instance string
	err := resp.UpdateXML(func(root *etree.Element) {
		if e := root.FindElement(".//MasterUserSecret/SecretArn"); e != nil {
			secret = e.Text()
		}
		if e := root.FindElement(".//DBInstanceArn"); e != nil {
			instance = e.Text()
		}
		if e := root.FindElement(".//MasterUsername"); e != nil {
			user = e.Text()
		}
	})
	if err != nil || secret == "" {
		return err
	}
	tags := []types.Tag{
		{Key: aws.String("aws:rds:primaryDBInstanceArn"), Value: &instance}, {Key: aws.String("aws:secretsmanager:owningService"), Value: aws.String("rds")},
	}
	if _, err := a.secrets(r.Region).TagResource(r.HTTP.Context(), &secretsmanager.TagResourceInput{SecretId: &secret, Tags: tags}); err != nil {
		return err
	}
	_, err = putMasterPassword(r.HTTP.Context(), a.secrets(r.Region), secret, user)
	return err
}

func (a *AWS) secrets(region string) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(a.MotoConfig(), func(o *secretsmanager.Options) { o.Region = region })
}

// putMasterPassword makes a new current version of a managed secret.
func putMasterPassword(ctx context.Context, client *secretsmanager.Client, secret, user string) (*secretsmanager.PutSecretValueOutput, error) {
	value, err := json.Marshal(map[string]string{"username": user, "password": masterPassword()})
	if err != nil {
		return nil, err
	}
	return client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &secret, SecretString: aws.String(string(value))})
}

// masterPassword is one that RDS could make: printable ASCII without / ' " @ and
// spaces, at most 41 characters for MySQL,
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html.
func masterPassword() string {
	var password strings.Builder
	for password.Len() < 28 {
		if c := byte('!' + rand.IntN('~'-'!'+1)); !strings.ContainsRune(`/'"@`, rune(c)) {
			password.WriteByte(c)
		}
	}
	return password.String()
}

// rotateManaged rotates a secret that RDS manages, without a function of the
// user's, https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_managed.html.
func (a *AWS) rotateManaged(r *front.Request, next front.Next) (*front.Response, error) {
	var in secretsmanager.RotateSecretInput
	if err := json.Unmarshal(r.Body, &in); err != nil {
		return nil, front.Errorf("SerializationException", "%v", err)
	}
	ctx, client := r.HTTP.Context(), a.secrets(r.Region)
	described, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: in.SecretId})
	if err != nil || aws.ToString(described.OwningService) != "rds" {
		return next(r) // which says what is wrong, or rotates it
	}
	current, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: in.SecretId})
	if err != nil {
		return nil, err
	}
	var content struct{ Username string }
	if err := json.Unmarshal([]byte(aws.ToString(current.SecretString)), &content); err != nil {
		return nil, err
	}
	put, err := putMasterPassword(ctx, client, aws.ToString(in.SecretId), content.Username)
	if err != nil {
		return nil, err
	}
	return front.JSON(map[string]*string{"ARN": put.ARN, "Name": put.Name, "VersionId": put.VersionId})
}
