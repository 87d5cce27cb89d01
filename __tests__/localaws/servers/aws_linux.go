package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/jmespath/go-jmespath"
	"github.com/spf13/pflag"
)

// awsCommand is the program aws in a machine. Amazon Linux 2023 has the AWS CLI, version 2;
// the host may have none, or version 1, and either takes Python a second a
// call. This one does what a boot script needs, the way that one does:
//
//	aws s3api get-object --bucket B --key K [--version-id V] FILE
//	aws s3 cp s3://B/K FILE
//	aws secretsmanager get-secret-value --secret-id S [--version-stage V]
//
// with --region, --query and --output as text or json. Credentials and region come from
// where they come from there: the environment or the instance metadata service.
//
// https://docs.aws.amazon.com/cli/latest/reference/
type awsCommand struct {
	stdout io.Writer
	flags  *pflag.FlagSet
	query  string
	output string
	region string
	config aws.Config
}

// Exit statuses of the AWS CLI.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html
const (
	awsTransferFailed = 1
	awsUsage          = 252
	awsUnconfigured   = 253
	awsServiceError   = 254
	awsGeneral        = 255
)

var errAWSUsage = errors.New("the local AWS's aws knows s3api get-object, s3 cp s3://… FILE and secretsmanager get-secret-value")

// runAWS runs the program aws and returns its exit status.
func runAWS(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "--version" {
		fmt.Fprintln(stdout, "aws-cli/2 (of the local AWS)")
		return 0
	}
	c := &awsCommand{stdout: stdout, flags: pflag.NewFlagSet("aws", pflag.ContinueOnError)}
	c.flags.SetOutput(io.Discard)
	c.flags.StringVar(&c.region, "region", "", "")
	c.flags.StringVar(&c.query, "query", "", "")
	c.flags.StringVar(&c.output, "output", "json", "")
	for _, quiet := range []string{"no-cli-pager", "only-show-errors", "no-progress", "quiet"} {
		c.flags.Bool(quiet, false, "") // what this one does anyway
	}
	err := c.run(args)
	if err == nil {
		return 0
	}
	var service smithy.APIError
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &service) && errors.As(err, &operation):
		fmt.Fprintf(stderr, "\nAn error occurred (%s) when calling the %s operation: %s\n", service.ErrorCode(), operation.OperationName, service.ErrorMessage())
		if args[0] == "s3" {
			return awsTransferFailed
		}
		return awsServiceError
	case errors.Is(err, errAWSUsage):
		fmt.Fprintf(stderr, "\naws: %v\n", err)
		return awsUsage
	case strings.Contains(err.Error(), "get credentials"), strings.Contains(err.Error(), "get identity"):
		fmt.Fprintf(stderr, "\nUnable to locate credentials. %v\n", err)
		return awsUnconfigured
	}
	fmt.Fprintf(stderr, "\n%v\n", err)
	return awsGeneral
}

func (c *awsCommand) run(args []string) error {
	if len(args) < 2 {
		return errAWSUsage
	}
	command := map[string]func(context.Context, []string) error{
		"s3api get-object":                c.getObject,
		"s3 cp":                           c.copyObject,
		"secretsmanager get-secret-value": c.getSecret,
	}[args[0]+" "+args[1]]
	if command == nil {
		return fmt.Errorf("%s %s: %w", args[0], args[1], errAWSUsage)
	}
	return command(context.Background(), args[2:])
}

// parse reads the options of a command, of which some are required, and what is
// not an option, and then the AWS configuration.
func (c *awsCommand) parse(ctx context.Context, args []string, operands int, required ...string) error {
	if err := c.flags.Parse(args); err != nil {
		return fmt.Errorf("%w: %w", err, errAWSUsage)
	}
	for _, name := range required {
		if !c.flags.Changed(name) {
			return fmt.Errorf("--%s is required: %w", name, errAWSUsage)
		}
	}
	if c.flags.NArg() != operands {
		return fmt.Errorf("%q: %w", c.flags.Args(), errAWSUsage)
	}
	options := []func(*config.LoadOptions) error{config.WithEC2IMDSRegion()}
	if c.region != "" {
		options = append(options, config.WithRegion(c.region))
	}
	var err error
	c.config, err = config.LoadDefaultConfig(ctx, options...)
	return err
}

func (c *awsCommand) getObject(ctx context.Context, args []string) error {
	bucket, key := c.flags.String("bucket", "", ""), c.flags.String("key", "", "")
	version := c.flags.String("version-id", "", "")
	if err := c.parse(ctx, args, 1, "bucket", "key"); err != nil {
		return err
	}
	in := &s3.GetObjectInput{Bucket: bucket, Key: key}
	if *version != "" {
		in.VersionId = version
	}
	out, err := s3.NewFromConfig(c.config).GetObject(ctx, in)
	if err != nil {
		return err
	}
	defer out.Body.Close()
	if err := writeTo(c.flags.Arg(0), out.Body); err != nil {
		return err
	}
	return c.print(map[string]any{
		"AcceptRanges": out.AcceptRanges, "LastModified": out.LastModified, "ContentLength": out.ContentLength, "ETag": out.ETag,
		"VersionId": out.VersionId, "ContentType": out.ContentType, "Metadata": out.Metadata,
	})
}

func (c *awsCommand) copyObject(ctx context.Context, args []string) error {
	if err := c.parse(ctx, args, 2); err != nil {
		return err
	}
	from, remote := strings.CutPrefix(c.flags.Arg(0), "s3://")
	bucket, key, _ := strings.Cut(from, "/")
	to := c.flags.Arg(1)
	if !remote || key == "" || strings.HasPrefix(to, "s3://") {
		return errAWSUsage
	}
	out, err := s3.NewFromConfig(c.config).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	if to == "-" {
		_, err = io.Copy(c.stdout, out.Body)
		return err
	}
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to += key[strings.LastIndexByte("/"+key, '/'):]
	}
	return writeTo(to, out.Body)
}

func (c *awsCommand) getSecret(ctx context.Context, args []string) error {
	id, stage := c.flags.String("secret-id", "", ""), c.flags.String("version-stage", "", "")
	if err := c.parse(ctx, args, 0, "secret-id"); err != nil {
		return err
	}
	in := &secretsmanager.GetSecretValueInput{SecretId: id}
	if *stage != "" {
		in.VersionStage = stage
	}
	out, err := secretsmanager.NewFromConfig(c.config).GetSecretValue(ctx, in)
	if err != nil {
		return err
	}
	return c.print(map[string]any{
		"ARN": out.ARN, "Name": out.Name, "VersionId": out.VersionId, "SecretString": out.SecretString,
		"VersionStages": out.VersionStages, "CreatedDate": out.CreatedDate,
	})
}

// print writes an answer as --query and --output want it.
func (c *awsCommand) print(answer map[string]any) error {
	data, err := json.Marshal(answer) // plain JSON values, which --query is about
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	for name, field := range value.(map[string]any) {
		if field == nil {
			delete(value.(map[string]any), name)
		}
	}
	if c.query != "" {
		if value, err = jmespath.Search(c.query, value); err != nil {
			return fmt.Errorf("bad value for --query %s: %w: %w", c.query, err, errAWSUsage)
		}
	}
	if text, ok := value.(string); ok && c.output == "text" {
		fmt.Fprintln(c.stdout, text)
		return nil
	}
	if c.output == "text" {
		if value != nil {
			return fmt.Errorf("--output text is for a --query of one string: %w", errAWSUsage)
		}
		fmt.Fprintln(c.stdout, "None")
		return nil
	}
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "    ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func writeTo(path string, content io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
