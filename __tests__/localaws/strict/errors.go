package strict

import (
	"fmt"
	"strings"
)

// own are the codes of the services that differ from their protocol's, for a
// missing and an invalid value.
var own = map[string][2]string{
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
	"rds": {"MissingParameter", "InvalidParameterValue"},
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html#API_CreateLogGroup_Errors
	"logs": {"InvalidParameterException", "InvalidParameterException"},
	// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html#API_GetResources_Errors
	"tagging": {"InvalidParameterException", "InvalidParameterException"},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html and CommonErrors
	"monitoring": {"ValidationError", "ValidationError"},
}

// code is the error code of a fault that has none of its own:
// https://docs.aws.amazon.com/AutoScaling/latest/APIReference/CommonErrors.html and its like (query),
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (ec2),
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html (json),
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (S3).
func code(proto protocol, service string, k kind) string {
	if codes, ok := own[service]; ok && k != illTyped {
		if k == missing {
			return codes[0]
		}
		return codes[1]
	}
	switch {
	case proto == ec2 && k == missing:
		return "MissingParameter"
	case proto == ec2 && k == unknown:
		return "UnknownParameter"
	case proto == ec2:
		return "InvalidParameterValue"
	case proto == restXML && k == missing:
		return "InvalidRequest"
	case proto == restXML:
		return "InvalidArgument"
	case proto == query:
		return "ValidationError"
	case k == illTyped:
		return "SerializationException"
	}
	return "ValidationException"
}

// message words all faults of a request.
func message(proto protocol, faults []Fault) string {
	list := make([]string, len(faults))
	for i, f := range faults {
		list[i] = f.String()
		if proto == ec2 {
			switch f.kind {
			case missing:
				list[i] = "The request must contain the parameter " + f.Path
			case unknown:
				list[i] = fmt.Sprintf("The parameter %s is not recognized", f.Path)
			case invalid, illTyped:
				list[i] = fmt.Sprintf("Value (%s) for parameter %s is invalid. %s", shorten(f.Value), f.Path, f.Rule)
			}
		}
	}
	text := strings.Join(list, "; ")
	if faults[0].code == malformedXML {
		return "The XML you provided was not well-formed or did not validate against our published schema: " + text
	}
	if proto == ec2 || faults[0].kind == free {
		return text
	}
	if len(list) == 1 {
		return "1 validation error detected: " + text
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(list), text)
}
