package main

import (
	"fmt"
	"regexp"

	"github.com/aws/jsii-runtime-go"

	"github.com/askpro/gateway/infra/build"
)

// stage is one deployment of the system and everything in which it may differ
// from the others.
type stage struct {
	name         string // also in every secret's path
	architecture build.Architecture
	logDays      int  // how long log lines are kept; CloudWatch takes only certain numbers
	guarded      bool // the table cannot be deleted
	locked       bool // nor the stack, until somebody lifts its termination protection
	logLevel     string
}

// tags of everything that belongs to the stage.
func (s stage) tags() *map[string]*string {
	return &map[string]*string{"application": jsii.String("askpro"), "stage": jsii.String(s.name)}
}

// stages are the ones that stay.
var stages = []stage{
	{name: "dev", architecture: build.ARM64, logDays: 14, guarded: true, logLevel: "debug"},
	{name: "prod", architecture: build.ARM64, logDays: 90, guarded: true, locked: true, logLevel: "info"},
}

// stageName is the template's own rule, which CfnInclude does not apply to replaced parameters.
var stageName = regexp.MustCompile(`^[a-z][a-z0-9]{1,11}$`)

// throwAway is a stage for a day: `cdk destroy` leaves nothing behind but the
// bucket and the table, which it no longer guards.
func throwAway(name string) (stage, error) {
	if !stageName.MatchString(name) {
		return stage{}, fmt.Errorf("stage %q: a name has 2 to 12 small letters and digits and begins with a letter", name)
	}
	return stage{name: name, architecture: build.ARM64, logDays: 3, logLevel: "debug"}, nil
}
