// Package strict refuses what AWS refuses and a fake AWS takes.
//
// A Gate judges each request before anything answers it, by AWS's own service
// models: required members, enumerations, patterns, lengths, ranges, types. The
// models are botocore's, which is installed wherever moto is; a service's model
// is read when the service is first called. What the models leave to the pages
// of AWS's documentation, such as the values of a DB parameter, stands in the
// tables of rules*.go, each with its page.
//
//	models, err := strict.FindModels(ctx, "moto_server")
//	gate := strict.New(models, func(r strict.Refusal) { log.Print(r) })
//	f.Gate(gate.Check) // f is a front.Front
//
// A request with faults gets one error that names all of them, in the words and
// with the code that AWS has for them in the request's protocol:
//
//	ValidationError: 2 validation errors detected: Value null at 'minSize' failed to
//	satisfy constraint: Member must not be null; Value 'x' at 'tags.1.member.key' …
//
// The constraints: https://smithy.io/2.0/spec/constraint-traits.html, the
// protocols: https://smithy.io/2.0/aws/protocols/index.html. A pattern has to
// match the whole of a value, as AWS's services take it, and lengths are counted
// in characters.
//
// What it lets pass although AWS may not: unknown members of the Query and JSON
// protocols, which AWS ignores; requests without a signature; services that no
// model describes; who may do what.
package strict
