// Package review judges a change of the stacks before it is deployed: what Terraform is
// going to do, and what users will feel of it.
//
// It compares two Stacks, as the app synthesized them (Compare), or takes what a plan of
// Terraform's says (Plan). Either is a list of Changes, which Judge goes through by
// rules: one for each argument of each type of resource that the app makes, with its
// source. What no rule knows is said to be unknown, never to be harmless.
package review

// Level is what users feel of a change, worse and worse.
type Level int

const (
	// Nothing is felt by users.
	Nothing Level = iota
	// Rolling is what happens while users are served: instances are replaced one after
	// the other.
	Rolling
	// Refused is a change that Terraform or AWS refuses: the deploy fails.
	Refused
	// Unknown is a change that no rule knows.
	Unknown
	// Interruption is a time in which some users get no answer, or an error.
	Interruption
	// DataAtRisk is a change after which data, or what guards it, may be gone.
	DataAtRisk
)

// Levels are all levels, by the words that a command line has for them.
var Levels = []string{"nothing", "rolling", "refused", "unknown", "interruption", "data-at-risk"}

// Word is the level on a command line and in JSON.
func (l Level) Word() string { return Levels[l] }

// MarshalText has JSON hold the level's word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.Word()), nil }

// String says what users feel.
func (l Level) String() string {
	return [...]string{"nothing", "rolling, no interruption", "refused: the deploy fails", "unknown", "interruption", "data at risk"}[l]
}
